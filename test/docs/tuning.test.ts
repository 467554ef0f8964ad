import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const named = (text: string) => [...text.matchAll(/`([a-z]\w*)\b[^`\n]*`/gi)].map((match) => match[1]!)

test('the page on tuning names options, operations, events and their fields as the reference does', () => {
  const others = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && name !== join('guide', 'tuning.md'))
    .map((name) => read(`docs/${name}`))
  const known = new Set(others.flatMap(named))
  const page = read('docs/guide/tuning.md').replaceAll(/^```[\s\S]*?^```$/gm, '')
  const names = named(page).filter((name) => !['npm', 'undefined'].includes(name))
  expect(names.length).toBeGreaterThan(40)
  expect(names.filter((name) => !known.has(name))).toEqual([])
})

test('the page on tuning names every phase of a batch', () => {
  const [, phases] = /`phases`, in ms\. (.*?)\n- `/s.exec(read('docs/reference/events.md'))!
  for (const [, phase] of phases!.matchAll(/`(\w+)`:/g))
    expect(read('docs/guide/tuning.md')).toContain(`phases.${phase}`)
})
