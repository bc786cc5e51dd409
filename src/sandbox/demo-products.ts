/** The demo shop's goods: three currencies with two, no and three decimals. */

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  readonly image: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
}

export const PRODUCTS: readonly Product[] = [
  {
    id: "harbour",
    name: "Harbour Espresso",
    notes: "Dark chocolate, fig, toasted almond. For people who are up before the gulls.",
    image: "/demo-harbour.svg",
    amount: 1999,
    currency: "USD",
  },
  {
    id: "fog",
    name: "Morning Fog Filter",
    notes: "Jasmine, white peach, a long clear finish. For slow pots and slower mornings.",
    image: "/demo-fog.svg",
    amount: 2400,
    currency: "JPY",
  },
  {
    id: "ferry",
    name: "Night Ferry Decaf",
    notes: "Honey, cocoa, baked pear. For the last cup on deck.",
    image: "/demo-ferry.svg",
    amount: 6250,
    currency: "KWD",
  },
];

export function findProduct(id: unknown): Product | undefined {
  return PRODUCTS.find((product) => product.id === id);
}
