/**
 * What the adapters and their tests take from Node's library, as workerd has it too; its types as a whole would clash
 * with the Worker's.
 */
declare module "node:crypto" {
  export class X509Certificate {
    /** @param certificate PEM, or the bytes of PEM or DER */
    constructor(certificate: string | Uint8Array);
    /** Whether it may issue others. */
    readonly ca: boolean;
    readonly subject: string;
    readonly subjectAltName: string | undefined;
    readonly infoAccess: string | undefined;
    readonly fingerprint256: string;
    /** Such as "Jan 15 12:00:00 2038 GMT". */
    readonly validFrom: string;
    readonly validTo: string;
    readonly publicKey: {
      export(options: { type: "spki"; format: "der" }): Uint8Array<ArrayBuffer>;
    };
    /** By names and permitted uses; the signature is `verify`'s part. */
    checkIssued(issuer: X509Certificate): boolean;
    verify(publicKey: X509Certificate["publicKey"]): boolean;
  }
}

declare module "node:zlib" {
  export function crc32(data: Uint8Array): number;
}
