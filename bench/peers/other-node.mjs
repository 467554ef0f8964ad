import { join } from 'node:path'
import { built, tool, Unavailable } from './build.mjs'

/** The major version of the current long-term release. */
export const LTS = '24'

/**
 * Returns the binary and version of another Node. `wanted` is a version, which is fetched from npm into the cache, or
 * the path of a binary.
 */
export async function otherNode(wanted) {
  const path = /^[\d.]+$/.test(wanted) ? await fetched(wanted) : wanted
  const version = (await tool(path, ['--version'])).trim()
  if (version === process.version) throw new Unavailable(`this is Node ${version} already`)
  return { path, version }
}

async function fetched(version) {
  const [running] = process.versions.node.split('.')
  if (running === version) throw new Unavailable(`this is Node ${process.version} already`)
  // The packages that `node` itself installs, which have a binary for each platform and need no script to run.
  const windows = process.platform === 'win32'
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  const folder = await built(`node-${version}`, [`${name}@${version}`], (folder) =>
    tool('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `${name}@${version}`], {
      cwd: folder,
    }),
  )
  return join(folder, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node')
}
