import { moduleUrl } from '../pipeline.js'
import type { RunCommand } from '../run/arguments.js'
import { Supervisor } from '../watch/supervisor.js'

/** Runs a pipeline module in a child process that restarts when a file changes. Returns the exit code of the last run. */
export function watch({ module, watch: args = [] }: RunCommand): Promise<number> {
  return new Supervisor(args).run(moduleUrl(module))
}
