#!/usr/bin/env node
// Three million real flights, replayed over TCP and joined with the table of airports while they arrive: which airports
// and states have the worst delays? A batch job over the whole file answers the same question with the same functions.
// Exits with 1 unless both answers are equal, and every short window matches its totals.
//
//   node examples/flights.mjs --limit 3000000 --rate 0 --threads 2 --batch-interval 500ms
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Context, StreamingContext } from 'millrace'
import { add, byState, delayByOrigin } from './delays.mjs'
import { differences } from './support/differences.mjs'
import { count, duration, rate, readFlags } from './support/flags.mjs'
import { between, total, worst } from './support/flight-delays.mjs'
import { readAirports, readFlightGroups } from './support/flights.mjs'
import { quietAtTheEnd as logger } from './support/logger.mjs'
import { startProcess } from './support/spawn.mjs'
import { table } from './support/table.mjs'

/** Batches of the short window. */
const RECENT = 6
/** Batches without a new flight after the last one was sent, after which flights count as lost. */
const PATIENCE = 20

const flags = readFlags(
  { limit: count, rate, threads: count, 'batch-interval': duration },
  { limit: 3_000_000, rate: 0, threads: 2, 'batch-interval': 500 },
)
const { limit, threads } = flags
const interval = flags['batch-interval']
const airports = readAirports()
const number = (value) => value.toLocaleString('en-US')

// The sender ends with this process.
process.once('SIGINT', () => process.exit(130))
const whole = await askTheFile()
const stream = await askTheStream()
process.exitCode = compare() ? 0 : 1

function compare() {
  const wrong = [
    ...stream.wrong,
    ...differences(whole.airports, stream.airports, 'airport'),
    ...differences(whole.states, stream.states, 'state'),
  ]
  const names = new Map(airports.map(({ iata, name, state }) => [iata, `${name}, ${state}`]))
  const nameOf = (iata) => names.get(iata)
  console.log(`\n${table(['airport', 'flights', 'delay, min', ''], worst(stream.airports, nameOf))}`)
  console.log(`\n${table(['state', 'flights', 'delay, min', ''], worst(stream.states))}\n`)
  for (const line of wrong.slice(0, 20)) console.error(line)
  if (wrong.length > 0) console.error(`FAILED: ${wrong.length} differences between the batch job and the stream.`)
  else console.log(`OK: stream and batch job agree on ${whole.airports.size} airports and ${whole.states.size} states.`)
  return wrong.length === 0
}

/** Writes the whole file, and returns the answer of a batch job over it. */
async function askTheFile() {
  const folder = mkdtempSync(path.join(tmpdir(), 'flights-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'flights.csv')
  console.log(`Writing ${number(limit)} flights to a file.`)
  await write(file)
  const context = new Context({ threads, logger })
  try {
    const start = performance.now()
    const byAirport = context.textFile(file).map(delayByOrigin).reduceByKey(add)
    const states = context.parallelize(airports.map(({ iata, state }) => [iata, state]))
    const answer = {
      airports: await byAirport.collectAsMap(),
      states: await byAirport.join(states).map(byState).reduceByKey(add).collectAsMap(),
    }
    report('Batch job', answer.airports, performance.now() - start)
    return answer
  } finally {
    await context.stop()
  }
}

async function write(file) {
  const handle = await open(file, 'w')
  try {
    for await (const lines of readFlightGroups({ limit })) await handle.write(`${lines.join('\n')}\n`)
  } finally {
    await handle.close()
  }
}

/** Returns the answer of the stream, once it contains every sent flight and the short window is empty again. */
async function askTheStream() {
  const sender = await startProcess(new URL('./support/flights.mjs', import.meta.url), [
    ...['--port', 0, '--limit', limit, '--rate', flags.rate],
  ])
  const ssc = await StreamingContext.fromPipeline(new URL('./flights.ts', import.meta.url), {
    batchInterval: interval,
    threads,
    logger,
    params: { port: sender.info.port, recent: `${RECENT * interval}ms` },
  })
  try {
    await ssc.start()
    return await follow(ssc, sender)
  } finally {
    await ssc.stop()
    await sender.stop()
  }
}

async function follow(ssc, sender) {
  const start = performance.now()
  const outputs = ['airports', 'states', 'recent'].map((name) => ssc.output(name)[Symbol.asyncIterator]())
  const wrong = []
  /** Totals by state of the batches in the short window, and of the batch before it. */
  const past = Array(RECENT).fill(new Map())
  let flights = 0
  let completeAt
  for (let idle = 0; idle < PATIENCE; ) {
    const batches = await Promise.all(outputs.map((output) => output.next()))
    const [airports, states, recent] = batches.map((batch) => new Map(batch.value.records))
    wrong.push(...differences(between(states, past.shift()), recent, 'state in a short window'))
    past.push(states)
    const before = flights
    flights = total(airports)
    if (flights > before) show(flights, recent)
    const sent = sender.messages.find((message) => message.sent !== undefined)?.sent
    if (flights === sent) completeAt ??= performance.now()
    idle = sent === undefined || flights > before ? 0 : idle + 1
    if (completeAt === undefined || recent.size > 0) continue
    report('Stream', airports, completeAt - start)
    return { airports, states, wrong }
  }
  throw new Error(`After ${number(flights)} flights no more arrive, or the short window does not become empty.`)
}

function show(flights, recent) {
  const [first] = worst(recent)
  const now = first ? `${first[0]} with ${first[2]} min` : 'none'
  console.log(`${number(flights).padStart(9)} flights; worst of the last ${RECENT} batches: ${now}`)
}

function report(what, airports, ms) {
  const flights = total(airports)
  const rate = Math.round(flights / (ms / 1000))
  console.log(`${what}: ${number(flights)} flights in ${(ms / 1000).toFixed(1)} s, ${number(rate)} a second.`)
}
