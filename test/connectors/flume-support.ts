import type { InputSource, StreamingContext } from 'millrace'
import { type FlumeOptions, flumeSource } from 'millrace/flume'
import { afterEach } from 'vitest'
import { sendByFlume } from '../services/flume.js'
import { freePort } from '../services/ports.js'
import type { Program } from '../services/program.js'
import { manualStreams, range, recordsOf, ticksUntil } from '../support/streams.js'

export { range }
export const open: StreamingContext[] = []
/** Reports of hostile clients would fill the output. */
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const programs: Program[] = []
afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop()
  for (const ssc of open.splice(0)) await ssc.stop()
})

export async function listen<T = string>(
  options: Partial<FlumeOptions> = {},
  more: { receiverBufferBytes?: number } = {},
) {
  const port = await freePort()
  const { ssc, tick } = manualStreams({ logger: QUIET, ...more })
  open.push(ssc)
  const source = flumeSource({ port, ...options }) as InputSource<T>
  const { records, reports } = recordsOf(ssc, source)
  await ssc.start()
  return { ssc, port, records, reports, tick, ticksUntil: <R>(promise: Promise<R>) => ticksUntil(promise, tick) }
}

export function send(...args: Parameters<typeof sendByFlume>): Program {
  const program = sendByFlume(...args)
  programs.push(program)
  return program
}
