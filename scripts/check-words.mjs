#!/usr/bin/env node
// Checks the English of comments, messages and pages against a short list of words that readers had to decode.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { proseOf } from './lib/prose.mjs'
import { ALLOWED, PENDING, RULES } from './words.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CHECKED = ['src', 'bench', 'examples', 'scripts', 'docs', 'site', '*.md', ':!bench/peers/jvm']

const HELP = `Checks comments, string literals and pages against the word list in scripts/words.mjs.

  node scripts/check-words.mjs             what \`npm run lint\` runs: everything except the paths in PENDING
  node scripts/check-words.mjs <path...>   these files and folders, PENDING or not
  node scripts/check-words.mjs --count     the number of findings by folder, PENDING included

Each finding is one line, \`file:line "words": what to write instead\`. The exit code is 1 if there is any.

To clean a folder: run the check on it, rewrite its sentences (the advice names words of the field, but a sentence often
needs a new subject, not only another word), then delete its line from PENDING. A line that is right as it is goes into
ALLOWED with a reason. Text in \`backquotes\` is code and is not checked.`

/** Returns the findings of one file as texts. */
export function findings(path, source, { rules = RULES, allowed = ALLOWED } = {}) {
  const lines = source.split('\n')
  return proseOf(path, source)
    .split('\n')
    .flatMap((prose, i) => {
      if (allowed.some(({ line }) => lines[i].includes(line))) return []
      return rules.flatMap(({ pattern, write }) => {
        const words = pattern.exec(prose)?.[0].trim()
        return words ? [`${path}:${i + 1} "${words}": ${write}`] : []
      })
    })
}

function trackedFiles(paths) {
  const found = execFileSync('git', ['ls-files', '--', ...paths], { cwd: ROOT, encoding: 'utf8' })
  return found.split('\n').filter((path) => /\.(?:c?ts|mjs|md)$/.test(path) && path !== 'scripts/words.mjs')
}

const isPending = (path) => PENDING.some((folder) => path === folder || path.startsWith(`${folder}/`))

function main(args) {
  if (args.includes('--help')) return console.log(HELP)
  const paths = args.filter((arg) => !arg.startsWith('--'))
  const everything = paths.length > 0 || args.includes('--count')
  const files = trackedFiles(paths.length > 0 ? paths : CHECKED).filter((path) => everything || !isPending(path))
  const found = files.flatMap((path) => findings(path, readFileSync(`${ROOT}${path}`, 'utf8')))
  if (args.includes('--count')) return console.table(countByFolder(found))
  for (const line of found) console.error(line)
  if (found.length === 0) return
  console.error(`${found.length} findings. \`node scripts/check-words.mjs --help\` says what to do.`)
  process.exitCode = 1
}

function countByFolder(found) {
  const counts = {}
  for (const line of found) {
    const folder = line.split(':')[0].split('/').slice(0, 3).join('/')
    counts[folder] = (counts[folder] ?? 0) + 1
  }
  return counts
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
