/** Where a page ends of a list that is read from several databases, each in the order of its own positions. */
import { databaseOf } from "./id.ts";

/** The last position of each database, by its number. Undefined: there was none of that one yet. */
export type Places = readonly (number | undefined)[];

/** What `writePlaces` writes. */
export const PLACES = /^(?=.)\d{0,15}(\.\d{0,15})*$/;

/** Where a page with these rows ends. @param before where the page before it ended */
export function placesAfter(
  before: Places,
  rows: readonly { readonly transactionId: string; readonly position: number }[],
): Places {
  const places = [...before];
  for (const { transactionId, position } of rows) {
    places[databaseOf(transactionId)] = position;
  }
  return Array.from(places);
}

/** Of several databases, a dot between each two. */
export function writePlaces(places: Places): string {
  return places.map((place) => place ?? "").join(".");
}

/** @param text as PLACES has it */
export function readPlaces(text: string): Places {
  return text.split(".").map((place) => (place === "" ? undefined : Number(place)));
}
