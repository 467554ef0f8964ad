#!/usr/bin/env node
// Checks before a release that the tag, both packages and CHANGELOG.md name one version.
//
//   node scripts/check-release.mjs v0.1.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Returns what does not fit the tag, as sentences. */
export function releaseFaults(tag, { main, create, changelog }) {
  const { version } = main
  const faults = []
  if (tag !== `v${version}`) faults.push(`The tag is ${tag}, and package.json has ${version}.`)
  if (create.version !== version) faults.push(`create-millrace/package.json has ${create.version}, not ${version}.`)
  if (create.dependencies.millrace !== version)
    faults.push(`create-millrace depends on millrace ${create.dependencies.millrace}, not ${version}.`)
  const heading = changelog.split('\n').find((line) => line.startsWith(`## ${version}`))
  if (heading === undefined || !/^## \S+, \d{4}-\d\d-\d\d$/.test(heading))
    faults.push(`CHANGELOG.md needs the heading '## ${version}, <date of the release>'; it has '${heading ?? 'none'}'.`)
  return faults
}

/** Reads the files that name the version. */
export function releaseFiles(root) {
  const read = (path) => readFileSync(join(root, path), 'utf8')
  return {
    main: JSON.parse(read('package.json')),
    create: JSON.parse(read('create-millrace/package.json')),
    changelog: read('CHANGELOG.md'),
  }
}

if (import.meta.filename === process.argv[1]) {
  const faults = releaseFaults(process.argv[2], releaseFiles(join(import.meta.dirname, '..')))
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}
