import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { airportsPath, readAirports, readFlights } from '../../examples/support/flights.mjs'
import { startProcess } from '../../examples/support/spawn.mjs'

const file = fileURLToPath(new URL('../../examples/support/flights.mjs', import.meta.url))

async function lines(limit: number): Promise<string[]> {
  const all: string[] = []
  for await (const line of readFlights({ limit })) all.push(line)
  return all
}

async function receive(port: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

test('the first lines are those of the file', async () => {
  const all = await lines(5000)
  expect(all[0]).toBe('2001-01-01T00:01,33,2176,LAS,PHL')
  // Decoded with the reference implementation of Zstandard.
  const hash = createHash('sha256').update(all.join('\n')).digest('hex')
  expect(hash).toBe('ca2980528705d3cbda3008336595c3bbc96c533a57591cfb18515b1c6a84a8ac')
})

test('a limit past the first group of rows gives as many lines, in order of their dates', async () => {
  const all = await lines(272_730)
  expect(all).toHaveLength(272_730)
  const dates = all.map((line) => line.slice(0, 16))
  expect(dates.findIndex((date, i) => i > 0 && date < dates[i - 1]!)).toBe(-1)
  expect(all.findIndex((line) => !/^2001-01-\d\dT\d\d:\d\d,-?\d+,\d+,[A-Z]{3},[A-Z]{3}$/.test(line))).toBe(-1)
})

test('the airports are those of the flights', async () => {
  const airports = new Map(readAirports().map((airport) => [airport.iata, airport]))
  expect(airports.size).toBe(3376)
  expect(airports.get('BTR')).toMatchObject({
    name: 'Baton Rouge Metropolitan, Ryan',
    state: 'LA',
    latitude: 30.53316083,
  })
  expect(airportsPath()).toMatch(/airports\.csv$/)
  const unknown = (await lines(20_000))
    .flatMap((line) => line.split(',').slice(3))
    .filter((iata) => !airports.has(iata))
  expect(unknown).toEqual([])
})

test('the process writes the lines to a file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'flights-'))
  try {
    const out = path.join(folder, 'flights.csv')
    const child = spawn(process.execPath, [file, '--out', out, '--limit', '5001'], { stdio: 'inherit' })
    expect(await once(child, 'close')).toEqual([0, null])
    expect(await readFile(out, 'utf8')).toBe(`${(await lines(5001)).join('\n')}\n`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the process serves the lines to its first client, and says how many', async () => {
  const sender = await startProcess(file, ['--port', 0, '--limit', 30_000])
  expect(await receive(sender.info.port)).toBe(`${(await lines(30_000)).join('\n')}\n`)
  expect(await sender.done).toBe(0)
  expect(sender.messages).toEqual([{ sent: 30_000 }])
})

test('a rate is kept', async () => {
  const sender = await startProcess(file, ['--port', 0, '--limit', 301, '--rate', 1000])
  const start = performance.now()
  const text = await receive(sender.info.port)
  expect(performance.now() - start).toBeGreaterThanOrEqual(300)
  expect(text.match(/\n/g)).toHaveLength(301)
  expect(await sender.done).toBe(0)
})

test('a client that leaves early is told in the count', async () => {
  const sender = await startProcess(file, ['--port', 0, '--limit', 250_000])
  const socket = net.connect(sender.info.port, '127.0.0.1')
  await once(socket, 'data')
  socket.destroy()
  expect(await sender.done).toBe(0)
  const [message] = sender.messages as { sent: number }[]
  expect(message?.sent).toBeGreaterThan(0)
  expect(message?.sent).toBeLessThan(250_000)
})
