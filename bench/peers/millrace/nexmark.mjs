import { overBatches } from './stream.mjs'

export async function open(task) {
  const { stream } = await import(`../../nexmark/${task.query}.mjs`)
  return overBatches(task, (lines, ssc) =>
    stream(
      lines.map((line) => JSON.parse(line)),
      ssc,
    ),
  )
}
