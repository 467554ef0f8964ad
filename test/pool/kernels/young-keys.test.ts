import { getHeapSpaceStatistics } from 'node:v8'
import { expect, test } from 'vitest'
import { counted, step } from './support.js'

const TASKS = 120
const WORDS = 5000
/** 25e6 with a generator function of each task; 4e6, the programs themselves, without. */
const MOST_BYTES = 10e6

test('the keys of finished tasks do not reach the old generation', () => {
  const steps = [step('flatMap', (line: string) => line.split(' ')), step('map', (word: string) => [word, 1])]
  const before = oldBytes()
  let most = 0
  for (let task = 0; task < TASKS; task++) {
    const line = Array.from({ length: WORDS }, (_, i) => `w${task}x${i}`).join(' ')
    const { count } = counted(steps, (a: number, b: number) => a + b, [Buffer.from(`${line}\n`)], 'bytes')
    expect(count).toBe(WORDS)
    most = Math.max(most, oldBytes() - before)
  }
  expect(most).toBeLessThan(MOST_BYTES)
})

function oldBytes(): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => space_name === 'old_space' || space_name === 'large_object_space')
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0)
}
