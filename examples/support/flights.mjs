#!/usr/bin/env node
// The flights as lines: for other programs to import, or as a process that writes them to a file or serves them over TCP.
//
//   node examples/support/flights.mjs --out flights.csv --limit 300000
//   node examples/support/flights.mjs --port 0 --rate 20000
//
// With --port the first client gets the lines, `--rate` a second (0: as fast as it takes them); then the connection
// is closed, one line of JSON says how many were sent, and the process ends. Every 272,727 lines the next group is read,
// which takes about a second; with a rate, the lines due meanwhile follow at once.
import { once } from 'node:events'
import { createWriteStream, realpathSync } from 'node:fs'
import net from 'node:net'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { count, rate, readFlags, string } from './flags.mjs'
import { readFlightGroups } from './flights-data.mjs'
import { announce, endWithParent } from './lifecycle.mjs'
import { offer, Pace, pause } from './sending.mjs'

export { airportsPath, FLIGHT_COLUMNS, readAirports, readFlightGroups, readFlights } from './flights-data.mjs'

/** Lines a write: about 64 KiB. */
const BATCH = 2000
/** Milliseconds between two writes when a rate is set. */
const TICK = 5

/**
 * Writes lines to a stream at a rate, and waits whenever the stream asks for that.
 * @returns {Promise<number>} lines handed to the stream: fewer than there are when it was closed from the other side
 */
async function sendLines(groups, stream, linesPerSecond) {
  let pace
  let notBefore = 0
  let sent = 0
  for await (const lines of groups) {
    // The clock starts with the first line at hand: the time to open the file is not made up for.
    pace ??= new Pace(linesPerSecond, performance.now())
    for (let at = 0; at < lines.length; ) {
      const now = performance.now()
      const due = pace.due(now)
      if (due <= 0 || now < notBefore) {
        await pause(Math.max(pace.wait(now), notBefore - now), stream)
        if (stream.destroyed) return sent
        continue
      }
      const amount = Math.min(due, BATCH, lines.length - at)
      if (!(await offer(stream, `${lines.slice(at, at + amount).join('\n')}\n`))) return sent
      pace.take(amount)
      // All that was due is sent: lines gather for a tick, instead of a write for each of them.
      notBefore = amount < due ? 0 : now + TICK
      at += amount
      sent += amount
    }
  }
  return sent
}

async function writeFile({ out, limit, rate: linesPerSecond }) {
  const file = createWriteStream(out)
  const ended = finished(file)
  const [sent] = await Promise.all([
    sendLines(readFlightGroups({ limit }), file, linesPerSecond).then((lines) => {
      file.end()
      return lines
    }),
    ended,
  ])
  announce({ sent })
}

async function serve({ port, limit, rate: linesPerSecond }) {
  const server = net.createServer()
  endWithParent(() => process.exit(0))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  announce({ listening: { port: server.address().port } })
  const [socket] = await once(server, 'connection')
  server.close()
  // A client that goes away makes 'close' follow: the count says how far it got.
  socket.on('error', (error) => console.error(`The client is gone: ${error.message}`))
  socket.resume()
  const sent = await sendLines(readFlightGroups({ limit }), socket, linesPerSecond)
  if (!socket.destroyed) {
    socket.end()
    await once(socket, 'close')
  }
  announce({ sent })
  process.exit(0)
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const flags = readFlags({ port: count, rate, limit: count, out: string }, { rate: 0 })
  if ((flags.port === undefined) === (flags.out === undefined)) {
    console.error('Give either --out with a file to write, or --port with a port to serve the lines on (0: any).')
    process.exit(2)
  }
  await (flags.out === undefined ? serve(flags) : writeFile(flags))
}
