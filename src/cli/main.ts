#!/usr/bin/env node
import { type Command, parseCommand } from './arguments.js'
import { bench } from './commands/bench.js'
import { checkpoint } from './commands/checkpoint.js'
import { init } from './commands/init.js'
import { longStress } from './commands/long-stress.js'
import { replay } from './commands/replay.js'
import { run } from './commands/run.js'
import { attach, shell } from './commands/shell.js'
import { stress } from './commands/stress.js'
import { watch } from './commands/watch.js'
import { describeError } from './describe-error.js'
import { NotStartedError } from './not-started.js'
import { BlockedStdoutError, StdoutGate } from './stdout-gate.js'
import { version } from './version.js'

/** The error that stdout is not read has been reported: each stream that waits would report it again. */
let isBlockReported = false

function report(error: unknown): void {
  if (error instanceof BlockedStdoutError) {
    if (isBlockReported) return
    isBlockReported = true
  }
  console.error(describeError(error))
}

/** Exit codes. 0: the run succeeded. 1: the run failed. 2: the arguments are wrong, or the module cannot run. */
async function main(argv: readonly string[]): Promise<number> {
  let command: Command
  try {
    command = parseCommand(argv)
  } catch (error) {
    console.error(`millrace: ${(error as Error).message}\nTry 'millrace --help'.`)
    return 2
  }
  try {
    if (command.kind === 'help') process.stdout.write(`${command.text}\n`)
    else if (command.kind === 'version') process.stdout.write(`${version()}\n`)
    else if (command.kind === 'stress') return (await stress(command)) ? 0 : 1
    else if (command.kind === 'long stress') return (await longStress(command)) ? 0 : 1
    else if (command.kind === 'checkpoint') return (await checkpoint(command)) ? 0 : 1
    else if (command.kind === 'bench') return await bench(command)
    else if (command.kind === 'init') init(command)
    else if (command.kind === 'shell') return (await shell(command)) ? 0 : 1
    else if (command.kind === 'attach') return (await attach(command)) ? 0 : 1
    else if (command.kind === 'replay') return (await replay(command)) ? 0 : 1
    else if (command.watch) return await watch(command)
    else await run(command)
    return 0
  } catch (error) {
    const unstarted = error instanceof NotStartedError
    report(unstarted ? error.cause : error)
    return unstarted ? 2 : 1
  }
}

let code = await main(process.argv.slice(2))
// A pipe may be full, so the output is flushed first. Then the process must exit, as timers of a module may keep it
// alive.
for (const stream of [process.stdout, process.stderr]) {
  const gate = new StdoutGate(stream)
  gate.stopping()
  await gate.empty().catch((error: BlockedStdoutError) => {
    report(error)
    code ||= 1
  })
}
process.exit(code)
