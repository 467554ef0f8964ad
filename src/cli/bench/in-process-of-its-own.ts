import { fork } from 'node:child_process'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { BenchCommand } from './arguments.js'
import type { BenchRun } from './measure.js'

/** The argument of the child process, as JSON. */
export interface RunRequest {
  readonly threads: number
  readonly command: BenchCommand
}

/** The end of a process that did not measure. It has written the reason to stderr. */
export interface Failed {
  readonly exitCode: number
}

/**
 * Measures a run in a child process: its module may leave timers and connections behind, and functions that V8 has optimized would help the
 * next run. Its stdout is stderr here, because stdout has the result of the command.
 */
export function measureInChild(request: RunRequest): Promise<BenchRun | Failed> {
  const child = fork(new URL('cli/bench/child.js', PACKAGE_ROOT), [JSON.stringify(request)], {
    stdio: ['ignore', 2, 2, 'ipc'],
    execArgv: process.execArgv,
  })
  return new Promise((resolve, reject) => {
    let run: BenchRun | undefined
    child.on('message', (message) => {
      run = message as BenchRun
    })
    child.on('error', reject)
    child.on('close', (code) => resolve(run ?? { exitCode: code || 1 }))
  })
}
