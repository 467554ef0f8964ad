import { toJson } from '../../values/json.js'
import type { BenchCommand } from '../bench/arguments.js'
import { measureInChild } from '../bench/in-process-of-its-own.js'
import type { BenchRun } from '../bench/measure.js'
import { benchRows, benchText } from '../bench/report.js'
import { moduleUrl } from '../pipeline.js'

/**
 * Runs a pipeline module with each number of threads in turn, in several rounds, and compares what they process. The runs of a
 * round are close in time, so a machine that becomes slower or faster does so for all of them. Returns the exit code.
 */
export async function bench(command: BenchCommand): Promise<number> {
  const { rounds, threads: counts, batchInterval, json } = command
  moduleUrl(command.module)
  const runs: BenchRun[] = []
  for (let round = 1; round <= rounds; round++)
    for (const threads of counts) {
      process.stderr.write(
        `millrace: round ${round} of ${rounds}, ${threads} ${threads === 1 ? 'thread' : 'threads'}\n`,
      )
      const run = await measureInChild({ threads, command })
      if ('exitCode' in run) return run.exitCode
      runs.push(run)
    }
  const rows = benchRows(runs, batchInterval)
  process.stdout.write(json ? rows.map((row) => `${toJson(row)}\n`).join('') : `${benchText(rows)}\n`)
  return 0
}
