import { createInterface } from 'node:readline'

/** The words `name=value` of the command line. */
export function taskOf(words) {
  return Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
}

/**
 * A contender's side of the protocol: see compare/contender.mjs. `open(task)` returns `{ run, answer?, close? }`.
 * `run()` runs one iteration and returns `{ ms, result, ...more }`; `answer(result)`, which may return a promise, runs outside of the measured time.
 */
export async function serve(open) {
  const { run, answer = (result) => result, close } = await open(taskOf(process.argv.slice(2)))
  for await (const line of createInterface({ input: process.stdin })) {
    const iterations = Number(line.split(' ')[1])
    const ms = []
    let last
    for (let i = 0; i < iterations; i++) {
      last = await run()
      ms.push(last.ms)
    }
    const { ms: _, result, ...more } = last
    process.stdout.write(`@${JSON.stringify({ ms, answer: await answer(result), ...more })}\n`)
  }
  await close?.()
}

/** An iteration that is measured from outside. */
export const timed = (work) => async () => {
  const begun = performance.now()
  const result = await work()
  return { ms: performance.now() - begun, result }
}
