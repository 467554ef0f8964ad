import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { FAULT_POINTS } from '#build/pool/fault-points.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/internals/architecture.md')

/** The numbered steps below a heading, each as one line. */
function steps(heading: string): string[] {
  const text = page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!
  return text
    .split(/\n(?=\d+\. )/)
    .slice(1)
    .map((step) => step.split('\n\n')[0]!.replaceAll(/\s+/g, ' '))
}

/** The files that a step names, each with the code names that follow it or stand right before it. */
function claims(step: string): { path: string; names: string[] }[] {
  const codes = [...step.matchAll(/`([^`]+)`/g)].map((match) => ({ text: match[1]!, at: match.index! }))
  const files = codes.filter(({ text }) => /^src\/.*\.ts$/.test(text))
  return files.map((file, i) => {
    const after = codes.find(({ at }) => at > file.at)
    const next = files[i + 1]
    const names: string[] = []
    if (after && after !== next) names.push(after.text)
    // `X.y` in `file`: the name stands before the file.
    const before = codes.findLast(({ at }) => at < file.at)
    const between = before && step.slice(before.at + before.text.length + 2, file.at)
    if (before && between?.trim() === 'in') names.splice(0, names.length, before.text)
    return { path: file.text, names }
  })
}

/** Whether a source declares a function, a class, or a class with a method or field of a name. */
function declares(source: string, name: string): boolean {
  const [type, member] = name.split('.')
  const declared = new RegExp(
    `^(?:export )?(?:async )?(?:abstract )?(?:class|function|const|interface) ${type}\\b`,
    'm',
  )
  if (!declared.test(source)) return false
  return (
    member === undefined ||
    new RegExp(`^ {2}(?:(?:readonly|async|get|override|static) )*#?${member}\\b`, 'm').test(source)
  )
}

describe.each(["A record's journey", 'The death of a thread'])('the walk "%s"', (heading) => {
  const walk = steps(heading)

  test('has its steps in order', () => {
    expect(walk.length).toBeGreaterThan(8)
    walk.forEach((step, i) => expect(step).toMatch(new RegExp(`^${i + 1}\\. \\*\\*`)))
  })

  test.each(walk.map((step) => [/\*\*(.*?)\.?\*\*/.exec(step)![1]!, step]))('%s: names what exists', (_title, step) => {
    for (const { path, names } of claims(step)) {
      expect(existsSync(join(ROOT, path)), path).toBe(true)
      const source = read(path)
      for (const name of names.filter((word) => /^[A-Za-z]\w*(?:\.\w+)?$/.test(word)))
        expect(declares(source, name), `${name} in ${path}`).toBe(true)
    }
  })
})

test('the walks name enough places to follow them', () => {
  const all = ["A record's journey", 'The death of a thread'].flatMap(steps).flatMap(claims)
  expect(all.length).toBeGreaterThan(40)
  expect(all.filter(({ names }) => names.length > 0).length).toBeGreaterThan(35)
})

test('the table of fault points has them in the order of the constant', () => {
  const rows = [...page.matchAll(/^\| `(\w+:[\w-]+)` \|/gm)].map((match) => match[1]!)
  expect(rows).toEqual([...FAULT_POINTS])
})

describe('the table of rooms', () => {
  const rooms = [...page.matchAll(/^\| (`src.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, path]) => path!),
  )

  test('names what exists', () => {
    expect(rooms.length).toBeGreaterThan(15)
    for (const room of rooms) expect(existsSync(join(ROOT, room)), room).toBe(true)
  })

  test.each(['src', 'src/engine'])('has each folder of %s', (parent) => {
    const folders = readdirSync(join(ROOT, parent), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(rooms).toEqual(expect.arrayContaining(folders.map(({ name }) => `${parent}/${name}/`)))
  })
})

test('each source file that the page names exists, and declares the name before it', () => {
  const named = [...page.matchAll(/`([A-Z]\w+)`\s+in\s+`(src\/[\w/.-]+\.ts)`/g)]
  expect(named.length).toBeGreaterThan(8)
  for (const [, name, path] of named) expect(declares(read(path!), name!), `${name} in ${path}`).toBe(true)
  for (const [, path] of page.matchAll(/`(src\/[\w/-]+\.ts)`/g)) expect(existsSync(join(ROOT, path!)), path).toBe(true)
})
