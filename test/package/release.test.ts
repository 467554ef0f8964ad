import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { releaseFaults, releaseFiles } from '../../scripts/check-release.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const workflow = readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8')
const jobs = new Map(
  workflow
    .split(/^jobs:\n/m)[1]!
    .split(/^ {2}(?=\w+:\n)/m)
    .flatMap((job) => (job ? [[job.slice(0, job.indexOf(':')), job] as const] : [])),
)

test('the workflow runs the checks first, and publishes both packages with provenance', () => {
  expect([...jobs.keys()]).toEqual(['check', 'publish'])
  expect(jobs.get('check')).toContain('run: .ci/run\n')
  expect(jobs.get('publish')).toContain('needs: check\n')
  expect(jobs.get('publish')!.match(/run: npm publish .*/g)).toEqual(
    Array(2).fill('run: npm publish --provenance --access public'),
  )
})

test('only the job that publishes may sign, and there is no secret', () => {
  expect(workflow.match(/^permissions:\n(?: {2}.*\n)*/m)![0]).toBe('permissions:\n  contents: read\n')
  expect(jobs.get('check')).not.toContain('id-token')
  expect(workflow).not.toContain('secrets.')
  expect(jobs.get('publish')).toContain('id-token: write\n')
})

test('each action is pinned to a commit', () => {
  const uses = [...workflow.matchAll(/uses: (.*)$/gm)].map((match) => match[1])
  expect(uses.length).toBeGreaterThan(0)
  for (const action of uses) expect(action).toMatch(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})

test('a release needs one version in the tag, both packages and the changelog', () => {
  const files = releaseFiles(ROOT)
  const { version } = files.main
  const changelog = `# Changelog\n\n## ${version}, 2026-12-01\n`
  expect(releaseFaults(`v${version}`, { ...files, changelog })).toEqual([])
  expect(releaseFaults('v9.9.9', { ...files, changelog })).toEqual([
    `The tag is v9.9.9, and package.json has ${version}.`,
  ])
  const create = { version: '9.9.9', dependencies: { millrace: '^9.9.9' } }
  const undated = `## ${version}, not released yet\n`
  expect(releaseFaults(`v${version}`, { ...files, create, changelog: undated })).toHaveLength(3)
})
