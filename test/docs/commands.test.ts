import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parseMarks } from '../../bench/marks.mjs'
import { BENCHES, parseOptions } from '../../bench/options.mjs'
import { parsePlot } from '../../bench/plot.mjs'
import { parseSoak } from '../../bench/soak.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const page = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const { scripts } = JSON.parse(page('package.json')) as { scripts: Readonly<Record<string, string>> }
const help = page('src/cli/help.ts')

/** Returns the commands in the inline code and the shell fences of a page. */
function commands(text: string, program: string): string[] {
  const pattern = new RegExp(`${program} ([^\`\\n#|&;]+)`, 'g')
  return [...text.matchAll(pattern)].map((match) => match[1]!.trim())
}

describe.each(pages)('%s', (path) => {
  const text = page(path)

  test('names npm scripts that exist', () => {
    for (const command of commands(text, 'npm run')) {
      const name = command.replace(/^--silent /, '').split(/[\s)]/)[0]!
      expect(scripts, command).toHaveProperty([name])
    }
  })

  test('names benchmarks and their options as they are', () => {
    for (const command of commands(text, 'npm run bench --')) {
      const [name, ...words] = command.replace(/\).*$/, '').split(/\s+/)
      if (name === 'compare' || name === 'guard' || /[[|]/.test(command)) continue
      const own = { soak: parseSoak, plot: parsePlot, marks: parseMarks }[name!]
      if (!own) expect(BENCHES, command).toContain(name)
      const parse = () => (own ? own(words) : parseOptions([name!, ...words]))
      expect(parse, command).not.toThrow()
    }
  })

  test('names options of the command that its help lists', () => {
    for (const command of commands(text, '(?:npx )?millrace (?=run|stress)')) {
      for (const [option] of command.matchAll(/--[a-z-]+/g)) expect(help, command).toContain(option)
    }
  })
})

describe('the decisions', () => {
  const index = page('docs/internals/decisions.md')
  const files = readdirSync(join(ROOT, 'docs/internals/decisions'))

  test('are all listed, by their titles', () => {
    const listed = [...index.matchAll(/^\| \[(\d+)\]\(decisions\/([^)]+)\) \| (.*) \|$/gm)]
    expect(listed.map((row) => row[2])).toEqual([...files].sort())
    for (const [, n, file, title] of listed)
      expect(page(`docs/internals/decisions/${file}`)).toContain(`# ${n}. ${title}\n`)
  })

  test.each(files)('%s has a context, measured alternatives, a decision and its consequences', (file) => {
    const headings = [...page(`docs/internals/decisions/${file}`).matchAll(/^## (.*)$/gm)].map((match) => match[1])
    expect(headings).toEqual(['Context', 'Alternatives', 'Decision', 'Consequences'])
  })
})

test('the badges of the README say what package.json says', () => {
  const { engines, license, types } = JSON.parse(page('package.json'))
  const badges = [...page('README.md').matchAll(/img\.shields\.io\/badge\/([^)]+)\)/g)].map((match) =>
    decodeURIComponent(match[1]!).replaceAll('--', '-'),
  )
  expect(badges.find((badge) => badge.startsWith('node-'))).toContain(engines.node.replace('>=', '>= '))
  expect(badges.find((badge) => badge.startsWith('license-'))).toContain(license)
  expect(badges.some((badge) => badge.startsWith('types-included'))).toBe(types !== undefined)
})
