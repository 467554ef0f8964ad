// The process of an executor that runs tasks: node millrace-worker.js SOCKET PERIOD, with the ms between two heartbeats
import { once } from 'node:events'
import { serialize } from 'node:v8'
import '../../pool/worker/library-functions.js'
import { ThreadLostError } from '../../errors.js'
import { encodeError } from '../../pool/error-wire.js'
import { uncaught } from '../../pool/loss.js'
import { setDriversPackage } from '../../pool/package-modules.js'
import { newThreadStatus } from '../../pool/thread-status.js'
import { intBytes, openSocket } from '../socket-reader.js'
import type { TaskFailure } from '../stage-input.js'
import { bridgeVersion } from '../version.js'
import { readBoot } from './boot.js'
import { sendHeartbeats } from './heartbeats.js'
import { readTask, writeAnswer } from './task-frames.js'
import { TaskHost } from './task-host.js'
import { TaskMemory } from './task-memory.js'

const [, , path, periodMs] = process.argv as [string, string, string, string]
const status = newThreadStatus()
const memory = new TaskMemory()
const { socket, reader } = openSocket({ path })
await once(socket, 'connect')
const version = Buffer.from(bridgeVersion())
socket.write(intBytes(version.length))
socket.write(version)
sendHeartbeats(path, Number(periodMs), status)
// The state of this process is not known after such an error, so another process takes its place.
process.on('uncaughtException', (cause) => {
  const message = `The Node process of the task ended: ${uncaught('task', cause)}`
  abandon(new ThreadLostError('uncaught', message, { cause }))
})
const {
  MILLRACE_BOOT: boot,
  MILLRACE_PACKAGE: root,
  MILLRACE_HOST: address,
  MILLRACE_PORT: port,
  MILLRACE_TOKEN: token,
} = process.env
const driver = { host: address!, port: Number(port), token: token! }
setDriversPackage(root!)
// A pipeline module that cannot be loaded fails the first task, which says so to the user.
const opening = readBoot(boot!).then((read) => TaskHost.open(read, status, memory, driver))
opening.catch(() => {})
for (let task = await readTask(reader, memory); task; task = await readTask(reader, memory)) {
  try {
    const host = await opening
    writeAnswer(socket, await host.run(task))
  } catch (error) {
    // Not a failure of its function: the runtime reports those.
    abandon(error)
  }
}
process.exit(0)

/** Answers the running task with an error, and ends this process. */
function abandon(error: unknown): void {
  const failure: TaskFailure = { error: encodeError(error), label: undefined, failedOn: undefined }
  writeAnswer(socket, { outcome: 'failed-with-process', report: serialize(failure), blocks: [], dropped: [] })
  socket.end(() => process.exit(1))
}
