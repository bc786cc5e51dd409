/** The doctor: one list of what is well, and of what is not with what to do. It asks and reads, and changes nothing. */
import { describeError } from "../lib/log.ts";
import type { Services } from "../services.ts";
import { examineBooks } from "./examine-books.ts";
import { examineGateway } from "./examine-gateway.ts";
import { examineSettings } from "./examine-settings.ts";
import { type Finding, fault } from "./finding.ts";

/** @param calledAt the origin by which this call came in */
export async function examine(services: Services, calledAt: string): Promise<Finding[]> {
  const { config, gateways, log } = services;
  const { findings, books } = await examineBooks(services);
  const ofGateways = [...gateways.values()].map((gateway) =>
    examineGateway(services, gateway, books).catch((error: unknown) => {
      log.error("doctor.failed", { gateway: gateway.id, error: describeError(error) });
      return [fault(gateway.id, "It could not be examined.", "Look at the Worker's log for doctor.failed.")];
    }),
  );
  return [
    ...examineSettings(config, gateways, calledAt),
    ...findings,
    ...(await Promise.all(ofGateways)).flat(),
  ];
}
