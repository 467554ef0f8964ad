import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArgumentError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { InitCommand } from '../init/arguments.js'
import { NotStartedError } from '../not-started.js'
import { version } from '../version.js'

const TEMPLATE = fileURLToPath(new URL('../templates/pipeline/', PACKAGE_ROOT))
/** npm excludes files with these names from a package, so the template names them without the dot. */
const DOTTED = new Set(['gitignore', 'dockerignore'])

/**
 * Writes a new project into a directory: a pipeline, its test, a Dockerfile.
 * @throws NotStartedError if one of these files exists; then nothing is written.
 */
export function init({ directory }: InitCommand): void {
  const root = resolve(directory)
  const files = readdirSync(TEMPLATE).map((name) => {
    return { from: join(TEMPLATE, name), to: join(root, DOTTED.has(name) ? `.${name}` : name) }
  })
  const taken = files.filter(({ to }) => existsSync(to)).map(({ to }) => basename(to))
  if (taken.length > 0) {
    throw new NotStartedError(
      new ArgumentError(
        `${root} has ${taken.join(', ')} already. Name a directory that is empty or does not exist: millrace init my-pipeline`,
        { directory: root, taken },
      ),
    )
  }
  mkdirSync(root, { recursive: true })
  const name = packageName(root)
  for (const { from, to } of files) {
    const text = readFileSync(from, 'utf8').replaceAll('{{name}}', name).replaceAll('{{version}}', version())
    // Fails if the file has appeared since the check.
    writeFileSync(to, text, { flag: 'wx' })
  }
  const way = relative('.', root)
  const enter = way === '' ? '' : `cd ${way}\n  `
  process.stdout.write(`Wrote ${files.length} files to ${root}\n\n  ${enter}npm install\n  npm start\n  npm test\n`)
}

/** Returns a name that npm and Docker accept. */
function packageName(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return name === '' ? 'pipeline' : name.slice(0, 60)
}
