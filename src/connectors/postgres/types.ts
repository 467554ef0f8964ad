/** Parses the text form of a value. */
type Parse = (text: string) => unknown

/**
 * Parsers by type number (`pg_type.oid`), for types that JavaScript represents exactly. Values of other types stay
 * texts.
 */
const PARSERS = new Map<number, Parse>([
  [16, (text) => text === 't'],
  [17, bytesOf],
  ...[21, 23, 26, 700, 701].map((oid): [number, Parse] => [oid, Number]),
  [114, JSON.parse],
  [3802, JSON.parse],
  [1184, timeOf],
])

const asText: Parse = (text) => text

/**
 * Parses the text form of a column's value: boolean, smallint, integer, oid, real, double precision, bytea, json, jsonb
 * and timestamptz. Other types, such as bigint, numeric, date, timestamp, uuid and arrays, stay texts as PostgreSQL
 * prints them.
 */
export function parserOf(oid: number): Parse {
  return PARSERS.get(oid) ?? asText
}

/** Returns the same parsers for `pg`, which uses the text form unless a query asks for another. */
export const TYPES = {
  // biome-ignore lint/suspicious/noExplicitAny: the type of pg
  getTypeParser: (oid: number): any => parserOf(oid),
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex')
}

/** Parses `2026-01-02 03:04:05.678+00`. Infinity, and years before 1 or after 9999, stay texts. */
function timeOf(text: string): unknown {
  const iso = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(:\d\d)?(?::\d\d)?$/.exec(text)
  if (!iso) return text
  const time = new Date(`${iso[1]}T${iso[2]}${iso[3]}${iso[4] ?? ':00'}`)
  return Number.isNaN(time.getTime()) ? text : time
}
