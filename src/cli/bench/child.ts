import { describeError } from '../describe-error.js'
import { NotStartedError } from '../not-started.js'
import { moduleUrl } from '../pipeline.js'
import type { RunRequest } from './in-process-of-its-own.js'
import { measure } from './measure.js'

// Timers of the module would keep a process alive whose command has ended.
process.on('disconnect', () => process.exit(1))

const { threads, command } = JSON.parse(process.argv[2]!) as RunRequest
try {
  const run = await measure(moduleUrl(command.module), threads, command)
  process.send!(run, () => process.exit(0))
} catch (error) {
  const unstarted = error instanceof NotStartedError
  console.error(describeError(unstarted ? error.cause : error))
  process.exit(unstarted ? 2 : 1)
}
