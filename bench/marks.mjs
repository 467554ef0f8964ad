import { judgeMarks } from './compare/judging.mjs'
import { markdownMarks } from './compare/marks-markdown.mjs'
import { UsageError } from './options.mjs'
import { recordedRun } from './recorded-run.mjs'

/** Prints the marks that recorded runs of `compare` decide, as the table of docs/internals/performance.md. */
export function marks(words, log) {
  const workloads = parseMarks(words).files.flatMap((file) => workloadsOf(file))
  log(markdownMarks(judgeMarks(workloads)).join('\n'))
}

export function parseMarks(files) {
  if (files.length > 0 && files.every((file) => !file.startsWith('-'))) return { files }
  throw new UsageError('Name the recorded runs.\nusage: npm run bench -- marks run.json [run.json ...]')
}

function workloadsOf(file) {
  const run = recordedRun(file)
  if (run.bench !== 'compare') throw new UsageError(`${file} is a run of '${run.bench}'. Marks are of runs of compare.`)
  return run.workloads
}
