import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Batches } from '../../batches.mjs'
import { digest } from '../../compare/digest.mjs'
import { pathsInTurn } from '../node/pieces.mjs'
import { onSpark } from './on-spark.mjs'

const NOTHING = Buffer.alloc(0)

/**
 * A stream whose batches are the file, again and again, or the pieces of a folder in turn. The measured time is that of
 * the batch, from its start to its end; its bytes have arrived before, from the page cache: the process holds only what a
 * receiver holds. An iteration is `each` batches, usually one.
 * With `answerAt` the answer is that of the batch with this number, since later ones differ.
 */
export async function overBatches(task, define, answer = digest) {
  const state = task.master && mkdtempSync(join(tmpdir(), 'millrace-bench-state-'))
  const options = task.master && onSpark(task.master, task.threads, { 'spark.checkpoint.dir': state })
  const batches = await Batches.start({ threads: task.threads, define, options })
  const next = inputsOf(task)
  let number = 0
  let answered
  const run = async () => {
    let ms = 0
    let result
    for (let i = 0; i < Number(task.each ?? 1); i++) {
      const batch = await batches.run(next())
      ms += batch.time.ms
      result = batch.result
      if (++number === Number(task.answerAt)) answered = answer(result)
    }
    return { ms, result }
  }
  return {
    run,
    answer: (result) => (task.answerAt === undefined ? answer(result) : answered),
    close: async () => {
      await batches.stop()
      if (state) rmSync(state, { recursive: true, force: true })
    },
  }
}

/** Returns what returns the text of each batch. */
function inputsOf({ variant, file, pieces, count }) {
  // The stream reads the file itself.
  if (variant === 'file') return () => NOTHING
  return pieces === undefined ? () => file : pathsInTurn(pieces, Number(count))
}

/** Returns the variant of a workload that the task names. */
export function variant(variants, task) {
  const define = variants[task.variant]
  if (define) return define
  throw new Error(`There is no variant '${task.variant}' of ${task.workload}; there are ${Object.keys(variants)}.`)
}
