// The reference of the API, from the declarations that the package publishes.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'
import { ROOT } from './pages.mjs'

/** Returns the public entries: the module that a program imports, and the file of its types, from the root of the repository. */
export function entries() {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return Object.entries(exports)
    .filter(([, { types }]) => types !== undefined)
    .map(([path, { types }]) => ({ module: name + path.slice(1), types: types.slice(2) }))
}

/** Writes the reference into a folder. Its pages link to the guide, which begins at the URL `guide`. */
export async function writeReference(folder, guide) {
  const modules = new Map(entries().map(({ module, types }) => [types, module]))
  const app = await Application.bootstrap({
    name: 'Millrace API',
    entryPoints: [...modules.keys()].map((types) => join(ROOT, types)),
    tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)),
    readme: 'none',
    // The sources that it knows are declarations, which the build creates.
    disableSources: true,
    disableGit: true,
    githubPages: false,
    hideGenerator: true,
    excludePrivate: true,
    excludeInternal: true,
    // Members that classes inherit from Error and other classes of Node.
    excludeExternals: true,
    navigation: { includeFolders: false },
    navigationLinks: { Guide: guide },
    logLevel: 'Warn',
    // A type that a signature names has a page, and so does what a comment links to.
    validation: { notExported: true, invalidLink: true },
    treatValidationWarningsAsErrors: true,
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('TypeDoc cannot read dist/types: run `npm run build` first')
  for (const module of project.children) {
    const file = relative(ROOT, project.getSymbolIdFromReflection(module).fileName)
    module.name = modules.get(file)
  }
  for (const list of [project.children, ...project.groups.map(({ children }) => children)]) list.sort(byName)
  app.validate(project)
  await app.generateDocs(project, folder)
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error('TypeDoc reports faults in doc comments, see above')
}

const byName = (a, b) => (a.name < b.name ? -1 : 1)
