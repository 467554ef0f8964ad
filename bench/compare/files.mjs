import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { linesFile } from '../data.mjs'
import { random } from '../words.mjs'

/*
 * The input of the workloads. Every file is generated once per size, from fixed seeds, and is the same on every
 * machine.
 */

/** Incremented when a generator changes, so that no file of an older version is used. */
const VERSION = 1
const PIECE_CHARS = 1 << 20

/** The directory for data and the builds of peers, outside of the repository. */
export function cacheFolder() {
  return process.env.MILLRACE_BENCH_CACHE || join(homedir(), '.cache', 'millrace-bench')
}

/** Creates a file of the given lines in the cache; does not call `lines` if the file exists. Returns its path. */
function cachedLines(name, lines) {
  const path = join(cacheFolder(), 'data', `v${VERSION}`, name)
  if (statSync(path, { throwIfNoEntry: false })) return path
  mkdirSync(join(path, '..'), { recursive: true })
  const unfinished = `${path}.${process.pid}.tmp`
  const file = openSync(unfinished, 'w')
  let piece = ''
  for (const line of lines()) {
    piece += `${line}\n`
    if (piece.length < PIECE_CHARS) continue
    writeSync(file, piece)
    piece = ''
  }
  writeSync(file, piece)
  closeSync(file)
  // By rename: an interrupted run leaves no incomplete file under the final name.
  renameSync(unfinished, path)
  return path
}

/** The name of a piece: its number in three digits, so that names sort as numbers do. */
const pieceName = (i) => `${String(i).padStart(3, '0')}.txt`

/** Creates a folder of `count` files of lines; `lines(i)` returns those of piece i. Returns its path. */
export function cachedPieces(name, count, lines) {
  for (let i = 0; i < count; i++) cachedLines(join(name, pieceName(i)), () => lines(i))
  return join(cacheFolder(), 'data', `v${VERSION}`, name)
}

/** Text of Zipf words in `count` pieces of whole lines of about `bytes` each. */
export function wordPieces(count, bytes) {
  const all = memo(() =>
    readFileSync(linesFile(count * bytes), 'latin1')
      .trimEnd()
      .split('\n'),
  )
  return cachedPieces(`words-${count}x${bytes}`, count, (i) => {
    const lines = all()
    return lines.slice(Math.floor((i * lines.length) / count), Math.floor(((i + 1) * lines.length) / count))
  })
}

/** Pieces of `records` keys each, drawn evenly from `keys`. */
export function keyPieces(count, records, keys) {
  return cachedPieces(`keys-${count}x${records}-of-${keys}`, count, function* (i) {
    const next = random(1000 + i)
    for (let n = 0; n < records; n++) yield String(Math.floor(next() * keys))
  })
}

/** `user,amount` in each line of the first file; `user,region` for every user in the second. */
export function ordersAndUsers(orders, users, regions) {
  return {
    orders: cachedLines(`orders-${orders}-of-${users}.csv`, function* () {
      const next = random(7)
      for (let n = 0; n < orders; n++) yield `u${Math.floor(next() * users)},${Math.floor(next() * 1000)}`
    }),
    users: cachedLines(`users-${users}-in-${regions}.csv`, function* () {
      const next = random(8)
      for (let n = 0; n < users; n++) yield `u${n},r${Math.floor(next() * regions)}`
    }),
  }
}

/** Numbers of twelve digits as text, so that the order of the text is the order of the numbers. */
export function numbersFile(records) {
  return cachedLines(`numbers-${records}.txt`, function* () {
    const next = random(9)
    const six = () => String(Math.floor(next() * 1e6)).padStart(6, '0')
    for (let n = 0; n < records; n++) yield six() + six()
  })
}

/** A request to a web site as JSON, about 110 bytes, from one of 60 countries with different frequencies. */
export function requestLine(next, n) {
  return JSON.stringify({
    ts: 1_700_000_000_000 + n,
    user: `u${Math.floor(next() * 1e5)}`,
    country: `c${Math.floor(60 * next() * next())}`,
    page: `/products/${Math.floor(next() * 1e4)}`,
    status: next() < 0.97 ? 200 : 404,
    ms: Math.floor(next() * 300),
  })
}

export function requestsFile(records) {
  return cachedLines(`requests-${records}.jsonl`, function* () {
    const next = random(10)
    for (let n = 0; n < records; n++) yield requestLine(next, n)
  })
}

export function twoLines() {
  return cachedLines('two-lines.txt', () => ['to be or not to be', 'that is the question'])
}

function memo(make) {
  let made
  return () => (made ??= make())
}
