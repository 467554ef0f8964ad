// The pages of the site: the repository's own Markdown files, where they are, in the order of the sidebar.
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, titleOf } from './describe.mjs'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The sections of the sidebar. Of a folder, the pages in `first` come first, the others follow by name. */
const SECTIONS = [
  { title: 'Getting started', pages: ['docs/getting-started.md'] },
  {
    title: 'Guide',
    folder: 'docs/guide',
    first: [
      'streams',
      'windows',
      'state',
      'event-time',
      'batch',
      'sql',
      'shipping-code',
      'testing',
      'tuning',
      'embedding',
    ],
  },
  { title: 'Connectors', folder: 'docs/connectors', first: ['README', 'files', 'file-formats'] },
  { title: 'Reference', folder: 'docs/reference', first: ['operations', 'options'] },
  { title: 'Guarantees', pages: ['docs/guarantees.md'] },
  { title: 'Migrating from Spark', pages: ['docs/migrating-from-spark.md', 'docs/spark-examples.md'] },
  { title: 'Internals', folder: 'docs/internals', first: ['architecture', 'fault-tolerance', 'performance'] },
  { title: 'Decisions', folder: 'docs/internals/decisions', first: [] },
  { title: 'Project', pages: ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'] },
]

/** The file of a page in the site: `docs/connectors/README.md` is `connectors/index.md`, the README the first page. */
function fileOf(source) {
  if (source === 'README.md') return 'index.md'
  const file = source.replace(/^docs\//, '').replace(/\bREADME\.md$/, 'index.md')
  return file === source ? file.toLowerCase() : file
}

function sourcesIn(folder, first) {
  const all = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md'))
  const known = first.map((name) => `${name}.md`)
  const missing = known.filter((name) => !all.includes(name))
  if (missing.length > 0)
    throw new Error(`${folder} has no ${missing.join(', ')}: correct SECTIONS in site/lib/pages.mjs`)
  return [...known, ...all.filter((name) => !known.includes(name)).sort()].map((name) => posix.join(folder, name))
}

function pageOf(source) {
  const text = readFileSync(join(ROOT, source), 'utf8')
  return { source, file: fileOf(source), title: titleOf(text), description: describe(text) }
}

/** Returns the sections with their pages: `source` in the repository, `file` in the site, `title`, `description`. */
export function sections() {
  const found = SECTIONS.map(({ title, pages, folder, first }) => ({
    title,
    pages: (pages ?? sourcesIn(folder, first)).map(pageOf),
  }))
  const listed = new Set(found.flatMap(({ pages }) => pages.map(({ source }) => source)))
  const all = readdirSync(join(ROOT, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md'))
  const unlisted = all.map((name) => posix.join('docs', name)).filter((source) => !listed.has(source))
  if (unlisted.length > 0)
    throw new Error(`No section has ${unlisted.join(', ')}: add it to SECTIONS in site/lib/pages.mjs`)
  return found
}
