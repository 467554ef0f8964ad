// The entry point of a driver thread: loads the library and the pipeline module, and serves the host.
import { type MessagePort, workerData } from 'node:worker_threads'
import { type Logger, ManualClock, type PipelineOptions, StreamingContext } from '../../index.js'
import { encodeError } from '../../pool/error-wire.js'
import { pushStreamNames } from '../../sources/attach.js'
import { DriverServer } from './driver-server.js'
import { Notices } from './notices.js'
import type { DriverBoot, ToHost } from './protocol.js'

const { url, options, manualClockAt, port } = workerData as DriverBoot
const manualClock = manualClockAt === undefined ? undefined : new ManualClock(manualClockAt)

const notices = new Notices((message) => post(port, message))

announceExit(port)
try {
  const given = { ...options, clock: manualClock, logger: remoteLogger() } as unknown as PipelineOptions<unknown>
  const ssc = await StreamingContext.fromPipeline(url, { ...given, driver: 'host' })
  new DriverServer({ ssc, port, notices, manualClock, pushStreams: pushStreamNames(ssc) }).serve()
} catch (error) {
  post(port, { type: 'refused', error: encodeError(error) })
  port.close()
}

function remoteLogger(): Logger {
  const log = (level: keyof Logger) => (message: string, details?: unknown) => notices.log(level, message, details)
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

/** Announces process.exit to the host; an exit with code 1 would look like a termination from outside. */
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
