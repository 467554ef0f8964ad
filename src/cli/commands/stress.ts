import { randomInt } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { defaultThreads } from '../../engine/options.js'
import { ArgumentError } from '../../errors.js'
import { NotStartedError } from '../not-started.js'
import type { SingleRun } from '../stress/arguments.js'
import { type DrawnRun, drawPage } from '../stress/html/page.js'
import { isAborted, play } from '../stress/play.js'
import { abortedAsJson, abortedAsText, asJson, asText, passed, type StressConfig, titleOf } from '../stress/report.js'

/** Runs the pipelines one after the other, and prints their reports. Returns true if every batch of each was right. */
export async function stress({
  kind: _,
  pipelines,
  json,
  report,
  seed,
  threads,
  ...rest
}: SingleRun): Promise<boolean> {
  const drawn: DrawnRun[] = []
  const common = {
    ...rest,
    seed: seed ?? randomInt(1, 2 ** 31),
    threads: threads ?? defaultThreads(),
  }
  const page = report === undefined ? undefined : await openPage(report)
  let good = true
  for (const pipeline of pipelines) {
    const config: StressConfig = { ...common, pipeline }
    process.stderr.write(`millrace: ${titleOf(config)}\n`)
    const outcome = await play(config)
    good &&= !isAborted(outcome) && passed(outcome)
    const text = isAborted(outcome)
      ? (json ? abortedAsJson : abortedAsText)(config, outcome.aborted)
      : (json ? asJson : asText)(outcome)
    process.stdout.write(`${text}\n`)
    drawn.push({ config, outcome })
  }
  await page?.writeFile(drawPage(drawn))
  await page?.close()
  return good
}

/** Opens the report's file before the run, so that a missing folder fails at once and not after minutes. */
async function openPage(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w')
  } catch (cause) {
    throw new NotStartedError(
      new ArgumentError(
        `--report: '${path}' cannot be written (${(cause as Error).message}). Name a file in a folder that exists.`,
      ),
    )
  }
}
