// Real data: three million flights in the United States, January to July 2001, and the airports, from vega-datasets.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

// The package exports no data files: find its folder through its entry (build/index.js).
const dataFile = (name) =>
  path.join(path.dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data', name)

/** The columns of a line, in order. */
export const FLIGHT_COLUMNS = ['date', 'delay', 'distance', 'origin', 'destination']

const PARSERS = { timestampFromMicroseconds: (micros) => micros }

/**
 * The flights in the file's order, one group of lines (up to 272,727) at a time. See `readFlights` for the lines.
 * A group takes about a second and 200 MB while it is read.
 * @param {{ limit?: number }} options
 * @returns {AsyncGenerator<string[]>}
 */
export async function* readFlightGroups({ limit = Number.POSITIVE_INFINITY } = {}) {
  const file = await asyncBufferFromFile(dataFile('flights-3m.parquet'))
  const metadata = await parquetMetadataAsync(file)
  let start = 0
  for (const group of metadata.row_groups) {
    const rows = Math.min(Number(group.num_rows), limit - start)
    if (rows <= 0) return
    yield await readLines(file, metadata, start, start + rows)
    start += Number(group.num_rows)
  }
}

/**
 * The flights as CSV lines without a heading and without line ends, such as `2001-01-01T00:05,-12,480,SAN,OAK`:
 * date and time to the minute without a zone, delay in minutes (negative when early), distance in miles, and the IATA
 * codes of origin and destination. Sorted by date. No field is quoted or empty.
 * @param {{ limit?: number }} options the first `limit` flights; all 3,000,000 by default
 * @returns {AsyncGenerator<string>}
 */
export async function* readFlights(options) {
  for await (const lines of readFlightGroups(options)) yield* lines
}

async function readLines(file, metadata, rowStart, rowEnd) {
  const columns = new Map(FLIGHT_COLUMNS.map((name) => [name, new Array(rowEnd - rowStart)]))
  await parquetRead({
    file,
    metadata,
    rowStart,
    rowEnd,
    parsers: PARSERS,
    compressors,
    // Pages are decoded whole: a chunk may reach over the range at both ends.
    onChunk: ({ columnName, columnData, rowStart: first }) => {
      const column = columns.get(columnName)
      const stop = Math.min(columnData.length, rowEnd - first)
      for (let i = Math.max(0, rowStart - first); i < stop; i++) column[first - rowStart + i] = columnData[i]
    },
  })
  const [date, delay, distance, origin, destination] = columns.values()
  // The file is sorted by date: a minute's text is made once for its run of flights.
  let last
  let text
  return date.map((at, i) => {
    if (at !== last) {
      last = at
      text = minute(at)
    }
    return `${text},${delay[i]},${distance[i]},${origin[i]},${destination[i]}`
  })
}

/** @param {bigint} micros since 1970 in no zone */
const minute = (micros) => new Date(Number(micros / 1000n)).toISOString().slice(0, 16)

/** The airports' CSV file: `iata,name,city,state,country,latitude,longitude`, with a heading and quoted fields. */
export const airportsPath = () => dataFile('airports.csv')

/**
 * The 3,376 airports.
 * @returns {{ iata: string, name: string, city: string, state: string, country: string, latitude: number, longitude: number }[]}
 */
export function readAirports() {
  const [heading, ...lines] = readFileSync(airportsPath(), 'utf8').trimEnd().split(/\r?\n/)
  const names = heading.split(',')
  return lines.map((line) => {
    const fields = csvFields(line)
    const airport = Object.fromEntries(names.map((name, i) => [name, fields[i]]))
    return { ...airport, latitude: Number(airport.latitude), longitude: Number(airport.longitude) }
  })
}

const csvFields = (line) =>
  Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g), ([, quoted, plain]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  )
