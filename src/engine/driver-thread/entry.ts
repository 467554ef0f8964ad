// What a driver thread runs: it loads the library and the pipeline module, and serves the host.
import { type MessagePort, workerData } from 'node:worker_threads'
import { type Logger, ManualClock, type PipelineOptions, StreamingContext } from '../../index.js'
import { encodeError } from '../../pool/error-wire.js'
import { pushStreamNames } from '../../sources/attach.js'
import { packDetails } from './details-wire.js'
import { DriverServer } from './driver-server.js'
import type { DriverBoot, ToHost } from './protocol.js'

const { url, options, manualClockAt, port } = workerData as DriverBoot
const manualClock = manualClockAt === undefined ? undefined : new ManualClock(manualClockAt)

announceExit(port)
try {
  const given = { ...options, clock: manualClock, logger: remoteLogger(port) } as unknown as PipelineOptions<unknown>
  const ssc = await StreamingContext.fromPipeline(url, { ...given, driver: 'host' })
  const pushStream = (name: string) => ssc.pushHandle(name)
  new DriverServer({ ssc, port, manualClock, pushStreams: pushStreamNames(ssc), pushStream }).serve()
} catch (error) {
  post(port, { type: 'refused', error: encodeError(error) })
  port.close()
}

function remoteLogger(to: MessagePort): Logger {
  const log = (level: keyof Logger) => (message: string, details?: unknown) =>
    post(to, { type: 'log', level, message, details: packDetails(details) })
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

/** Tells process.exit from a termination from outside, which have the same exit code when that is 1. */
function announceExit(to: MessagePort): void {
  const exit = process.exit.bind(process)
  process.exit = (code) => {
    post(to, { type: 'exiting' })
    return exit(code)
  }
}

function post(to: MessagePort, message: ToHost): void {
  to.postMessage(message)
}
