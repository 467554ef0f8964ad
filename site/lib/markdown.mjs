// Changes of the site to Markdown that must also be readable where the repository is hosted.
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { ROOT } from './pages.mjs'

const BADGES = /^\[?!\[[^\]]*\]\(https:\/\/img\.shields\.io\/.*\n/gm

/**
 * Resolves links against the file that contains them, as a repository host does. A link to a page of the site leads there. A link to another
 * file of the repository, such as a test, becomes text with the path as its tooltip: the site does not contain these files.
 * A link to a missing file is an error.
 */
export function repositoryLinks(md, pages) {
  const fileOf = new Map(pages.map(({ source, file }) => [source, file]))
  const sourceOf = new Map(pages.map(({ source, file }) => [file, source]))
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    // A page has its path in the site; the index of search reads the file by its path in the repository.
    const from = sourceOf.get(env.relativePath) ?? env.relativePath
    for (const { children } of tokens) resolveLinks(children ?? [], from, fileOf)
  })
}

function resolveLinks(tokens, from, fileOf) {
  let path
  for (const token of tokens) {
    if (token.type === 'link_close' && path !== undefined) {
      become(token, '</span>')
      path = undefined
    }
    if (token.type !== 'link_open') continue
    const href = token.attrGet('href')
    if (/^(?:[a-z]+:|#|\/)/.test(href)) continue
    const [target, anchor] = href.split('#')
    path = posix.join(posix.dirname(from), decodeURI(target))
    const file = fileOf.get(path)
    if (!existsSync(join(ROOT, path))) throw new Error(`${from} links to ${href}: there is no ${path}`)
    if (file === undefined) {
      become(token, `<span class="repository-file" title="${path} in the repository">`)
      continue
    }
    path = undefined
    token.attrSet('href', anchor === undefined ? `/${file}` : `/${file}#${anchor}`)
  }
}

function become(token, html) {
  token.type = 'html_inline'
  token.tag = ''
  token.nesting = 0
  token.content = html
}

/** Removes badges: another server draws them, and a page of the site sends no request to other servers. */
export function withoutBadges(md) {
  md.core.ruler.before('normalize', 'without-badges', (state) => {
    state.src = state.src.replaceAll(BADGES, '')
  })
}

/** Returns the anchor of a heading as repository hosts make it, so that one link works there and in the site. */
export function slugify(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-')
}
