// The process of an executor that runs tasks: node millrace-worker.mjs SOCKET
import { connect } from 'node:net'
import { serialize } from 'node:v8'
import '../../formats/reading.js'
import '../../sinks/save-formats.js'
import '../../sinks/write-to.js'
import { encodeError } from '../../pool/error-wire.js'
import type { WorkerBoot } from '../../pool/protocol.js'
import { intBytes, SocketReader } from '../socket-reader.js'
import type { TaskFailure } from '../stage-input.js'
import { bridgeVersion } from '../version.js'
import { dieWithParent } from './orphan-watch.js'
import { readTask, writeAnswer } from './task-frames.js'
import { TaskHost } from './task-host.js'

dieWithParent()
const socket = connect(process.argv[2]!)
const reader = new SocketReader(socket)
const host = await TaskHost.open(JSON.parse(process.env.MILLRACE_BOOT!) as WorkerBoot)
const version = Buffer.from(bridgeVersion())
socket.write(intBytes(version.length))
socket.write(version)
for (let task = await readTask(reader); task; task = await readTask(reader)) {
  try {
    const { succeeded, report, blocks } = await host.run(task)
    writeAnswer(socket, succeeded, report, blocks)
  } catch (error) {
    // Not a failure of the task: the runtime reports those. The state of this process is not known, so another one takes its place.
    const failure: TaskFailure = { error: encodeError(error), label: undefined, failedOn: undefined }
    writeAnswer(socket, false, serialize(failure), [])
    socket.end(() => process.exit(1))
  }
}
process.exit(0)
