import { expect, it } from 'vitest'
import { run } from '../../bench/decisions.mjs'

/** Every row compares the results of the chosen way and of its alternative, and fails where they differ. */
it('decisions: a row for each, with both contenders', async () => {
  const lines: string[] = []
  const results = await run({ threads: 1, runs: 1, quick: true }, (text: string) => lines.push(text))
  expect(results.map(({ name }: { name: string }) => name.split(':')[0])).toEqual([
    'blocks',
    'loops',
    'kernels',
    'programs',
    'spare',
  ])
  expect(
    lines.join('\n').match(/^\w+: \w.* {2,}[\d.,]+ +[\d.,]+ +[\d.,]+ \([\d.,]+-[\d.,]+\) +[\d.,]+$/gm),
  ).toHaveLength(5)
})

it('decisions: one that is not there is refused with those that are', async () => {
  await expect(run({ threads: 1, runs: 1, only: 'nothing' }, () => {})).rejects.toThrow(
    /^There is no decision named 'nothing'\. Choose of blocks.*spare/,
  )
})
