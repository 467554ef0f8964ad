import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { blocksOf } from './example.js'
import { allRows } from './table.js'

/** Pages that describe no connector of their own. */
const GENERAL = ['README', 'file-formats', 'write-your-own']

/** Functions whose service takes no records from a test, with the file that tests them. */
const WITHOUT_ROW = { flumePollingSource: 'test/connectors/flume-polling.test.ts' }

/** Programs that need another service than their row, by page and block, with the file that runs them. */
const PROGRAMS_ELSEWHERE: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  flume: { 1: 'test/connectors/flume-polling.test.ts' },
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const rows = await allRows()
const table = readFileSync(`${root}docs/connectors/README.md`, 'utf8')

test('every connector that the package exports or a page describes has a row', () => {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    exports: Readonly<Record<string, string | { readonly default: string }>>
  }
  const exported = Object.entries(exports).flatMap(([name, file]) =>
    typeof file === 'object' && file.default.startsWith('./dist/connectors/') ? [name.split('/')[1]!] : [],
  )
  const pages = readdirSync(`${root}docs/connectors`).map((file) => file.slice(0, -'.md'.length))
  const described = pages.filter((page) => !GENERAL.includes(page))
  expect(rows.map(({ name }) => name).sort()).toEqual([...new Set([...exported, ...described])].sort())
})

test('every function in the table of connectors has a row', () => {
  const cells = table.split('\n').flatMap((line) => /^\| (?!Connector|---)(.*?) \|/.exec(line)?.[1] ?? [])
  const named = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
  const makers = named.filter((name) => !name.startsWith('millrace/'))
  const tested = rows.flatMap(({ sources, sinks }) => [...sources, ...sinks].map(({ name }) => name.split(',')[0]))
  expect([...new Set(makers)].sort()).toEqual([...new Set([...tested, ...Object.keys(WITHOUT_ROW)])].sort())
  for (const file of Object.values(WITHOUT_ROW)) expect(existsSync(`${root}${file}`)).toBe(true)
})

test.each(rows.map((row) => [row.name, row] as const))('%s: each program of its page runs', (name, { programs }) => {
  const blocks = blocksOf(`${name}.md`).flatMap((code, i) => (/^await /m.test(code) ? [i] : []))
  const elsewhere = PROGRAMS_ELSEWHERE[name] ?? {}
  for (const file of Object.values(elsewhere)) expect(existsSync(`${root}${file}`)).toBe(true)
  expect(blocks.length).toBeGreaterThan(0)
  expect(Object.keys({ ...programs, ...elsewhere }).map(Number)).toEqual(blocks)
})

test.each(rows.map((row) => [row.name, row] as const))(
  '%s: its tests run, and its page states what they prove',
  (name, row) => {
    expect(existsSync(`${root}test/connectors/suite/${name}.test.ts`)).toBe(true)
    for (const { name: maker, guarantee } of [...row.sources, ...row.sinks]) {
      const lines = table.split('\n').filter((line) => line.includes(`\`${maker.split(',')[0]}\``))
      expect(lines.length, `rows of ${maker} in docs/connectors/README.md`).toBeGreaterThan(0)
      if (guarantee.process === 'exactly-once') continue
      expect(lines.join(' '), maker).toContain(guarantee.process.replaceAll('-', ' '))
    }
  },
)
