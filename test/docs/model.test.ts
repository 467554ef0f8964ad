import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** The cells of the table rows between a heading and the next one. */
function table(page: string, heading: string): string[][] {
  const text = read(page).split(`\n${heading}\n`)[1]
  expect(text, `the heading '${heading}' of ${page}`).toBeDefined()
  const lines = text!.split(/\n## /)[0]!.split('\n')
  return lines.filter((line) => /^\| [^-]/.test(line)).map((line) => line.split('|').slice(1, -1))
}

const names = (cell: string) => [...cell.matchAll(/`(\w+)/g)].map((match) => match[1]!)
const links = (cell: string) => [...cell.matchAll(/\]\(\.\.\/\.\.\/([^)]+)\)/g)].map((match) => match[1]!)
const paths = (cell: string) => [...cell.matchAll(/`(src\/[^`]+)`/g)].map((match) => match[1]!)

describe.each(['## Datasets', '## Streams'])('docs/internals/model.md, %s', (heading) => {
  const [, ...rows] = table('docs/internals/model.md', heading)

  test.each(rows.map((row) => [row[0]!.trim(), row] as const))('%s', (_, [operations, code, tests]) => {
    const [path] = paths(code!)
    const source = read(path!)
    const shown = links(tests!).map(read)
    expect(shown.length).toBeGreaterThan(0)
    for (const name of names(operations!)) {
      const word = new RegExp(`\\b${name}\\b`)
      expect(source, `${name} in ${path}`).toMatch(word)
      expect(
        shown.some((text) => word.test(text)),
        `${name} in one of ${links(tests!).join(', ')}`,
      ).toBe(true)
    }
    // No test is named that shows none of them.
    for (const [i, text] of shown.entries()) {
      const some = names(operations!).some((name) => new RegExp(`\\b${name}\\b`).test(text))
      expect(some, `${links(tests!)[i]} has one of ${operations}`).toBe(true)
    }
  })
})

test.each([
  ['## Datasets', '## Datasets (RDDs)'],
  ['## Streams', '## Streams'],
])('%s has every operation of docs/reference/operations.md', (mine, theirs) => {
  const has = new Set(table('docs/internals/model.md', mine).flatMap(([cell]) => names(cell!)))
  const asked = table('docs/reference/operations.md', theirs).flatMap(([cell]) => names(cell!))
  expect(asked.filter((name) => !has.has(name))).toEqual([])
})

describe('the rules', () => {
  const [, ...rows] = table('docs/internals/model.md', '## Rules')

  test('are all there, each once', () => {
    const upTo = (letter: string, n: number) => Array.from({ length: n }, (_, i) => `${letter}${i + 1}`)
    const all = [...upTo('L', 31), ...upTo('V', 5), ...upTo('T', 7), ...upTo('R', 5), ...upTo('M', 10)]
    expect(rows.flatMap(([ids]) => ids!.trim().split(', ')).sort()).toEqual(all.sort())
  })

  test.each(rows.map((row) => [row[0]!.trim(), row] as const))('%s', (_, [ids, says, code, tests]) => {
    for (const path of [...paths(code!), ...links(tests!)]) expect(existsSync(join(ROOT, path)), path).toBe(true)
    // Rows that have neither code nor tests state the reason.
    const built = paths(code!).length > 0 && links(tests!).length > 0
    expect(built || /no meaning here|migrating-from-spark\.md#/.test(says!), ids).toBe(true)
  })
})
