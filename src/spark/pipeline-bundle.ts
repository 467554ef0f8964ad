import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BuildFailure, BuildResult, Loader, Plugin } from 'esbuild'
import { PipelineError } from '../errors.js'
import { PACKAGE_ROOT } from '../package-root.js'
import { PIPELINE_FILES } from './pipeline-files.js'

const SOURCE = /\.([cm]?[jt]sx?)$/
/** CommonJS packages in a bundle call require. */
const REQUIRE = "import { createRequire as $require } from 'node:module'; const require = $require(import.meta.url);"

/** One pipeline module with all that it imports, as text for the driver and for executors: only URLs of imports differ. */
export interface PipelineTexts {
  readonly driver: string
  readonly executors: string
}

/**
 * Bundles a pipeline module. The driver must load a bundle too: bundling renames what functions use, and both sides compare the texts of
 * their functions. The package itself stays outside, so that a process has it once. `external`: packages that stay outside too.
 *
 * @throws PipelineError (rejects) if esbuild is not installed, or the module cannot be bundled.
 */
export async function bundlePipeline(url: string, external: readonly string[]): Promise<PipelineTexts> {
  if (!url.startsWith('file:'))
    throw new PipelineError(
      `The pipeline module is ${url}; with a Spark master it must be a file, which is bundled for the executors.`,
      { details: { url } },
    )
  const build = await loadEsbuild()
  const run = async (place: Place) => {
    const result = (await build({
      entryPoints: [fileURLToPath(url)],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      keepNames: true,
      sourcemap: 'inline',
      // Stacks show the user's files, wherever the bundle is.
      sourceRoot: new URL('.', url).href,
      outfile: fileURLToPath(new URL('millrace-pipeline.mjs', url)),
      banner: { js: REQUIRE },
      plugins: [outside(place, external), ownUrls()],
      logLevel: 'silent',
    }).catch((error: BuildFailure) => {
      throw unbundled(url, error)
    })) as BuildResult<{ write: false }>
    return result.outputFiles[0]!.text
  }
  const [driver, executors] = [await run('driver'), await run('executors')]
  return { driver, executors }
}

type Place = 'driver' | 'executors'

async function loadEsbuild(): Promise<typeof import('esbuild').build> {
  try {
    return (await import('esbuild')).build
  } catch (cause) {
    throw new PipelineError(
      'A pipeline module on a Spark master is bundled with the package esbuild, which cannot be loaded. Install it: npm install esbuild',
      { cause },
    )
  }
}

/** Leaves this package, and others that are named, outside of the bundle. */
function outside(place: Place, external: readonly string[]): Plugin {
  const exported = exportsOfPackage()
  return {
    name: 'outside',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^millrace(?:\/|$)/ }, ({ path }) => {
        const file = exported.get(path)
        // esbuild reports what is not exported.
        if (file === undefined) return undefined
        const at = place === 'driver' ? new URL(file, PACKAGE_ROOT).href : `./${PIPELINE_FILES.library}/dist/${file}`
        return { path: at, external: true }
      })
      onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
        if (pluginData === outside || !external.some((name) => path === name || path.startsWith(`${name}/`)))
          return undefined
        if (place === 'executors') return { path, external: true }
        const found = await resolve(path, { kind, importer, resolveDir, pluginData: outside })
        return { path: found.path ? pathToFileURL(found.path).href : path, external: true }
      })
    },
  }
}

/** In the bundle, `import.meta.url` is still the URL of the source file. */
function ownUrls(): Plugin {
  return {
    name: 'own URLs',
    setup({ onLoad }) {
      onLoad({ filter: SOURCE }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (!text.includes('import.meta')) return undefined
        const contents = text
          .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(path).href))
          .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(dirname(path)))
          .replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(path))
        const loader = SOURCE.exec(path)![1]!.replace(/^[cm]/, '') as Loader
        return { contents, loader }
      })
    },
  }
}

/** The modules of the package by what programs import: `millrace/kafka` is `connectors/kafka/index.js`. */
function exportsOfPackage(): Map<string, string> {
  const { name, exports } = JSON.parse(readFileSync(new URL('../package.json', PACKAGE_ROOT), 'utf8')) as {
    readonly name: string
    readonly exports: Readonly<Record<string, { readonly default?: string }>>
  }
  const entries = Object.entries(exports).flatMap(([path, { default: file }]) =>
    file ? [[name + path.slice(1), file.replace('./dist/', '')] as const] : [],
  )
  return new Map(entries)
}

function unbundled(url: string, { errors = [], message }: Partial<BuildFailure>): PipelineError {
  const [first] = errors
  const at = first?.location ? ` at ${first.location.file}:${first.location.line}` : ''
  return new PipelineError(
    `The pipeline module ${url} cannot be bundled for the executors: ${first?.text ?? message}${at}. ` +
      "Packages that cannot be bundled, such as native ones, stay outside with --external <package> or spark: { external: ['package'] }.",
    { details: { url } },
  )
}
