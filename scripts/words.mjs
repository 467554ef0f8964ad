// The words that scripts/check-words.mjs looks for, and what to write instead.

/** A sentence begins here: at the start of a line's text, or after the end of another sentence. */
const START = String.raw`(?:^[\s/*|>-]*(?:@\w+(?: \w+)? )?|['"][^\w'"]*|[.:;]\)? +)`

/** `pattern` is matched against one line of prose. `write`: the better words. */
export const RULES = [
  {
    pattern: /\btells?\b(?! apart)|\btold\b(?! apart)|\btelling\b(?! apart)/i,
    write: 'report, notify, send, say, or the verb for what happens',
  },
  {
    pattern: /\b(?:gives?|gave|given|giving) (?:\w+ )?(?:up|back|on|way|away)\b/i,
    write: 'drop, abandon, stop, discard; return; forward',
  },
  { pattern: /\bgives\b(?! (?:up|back|on|way|away))/i, write: 'returns, yields, emits, provides, supplies, passes' },
  {
    pattern: /\b(?:is|are|was|were|be|been|being) (?:\w+ )?given\b(?! (?:up|back|on|away))/i,
    write: 'receive, pass, set, emit, allocate',
  },
  { pattern: /(?<!by )\bhand(?:s|ed|ing)? (?:\w+ ){0,2}(?:on|back|over|out)\b/i, write: 'pass, return, send, forward' },
  {
    pattern: /[;:,] (?:or )?give (?!up\b)|\bGive (?:an?|the|it|each|one|exactly|another|this)\b/,
    write: 'it must be, it takes; set, pass, use',
  },
  { pattern: /\btravel(?:s|led|ling)?\b/i, write: 'is sent, is shipped (functions), is shuffled (records)' },
  { pattern: /\banew\b/i, write: 'again, or a verb with re-: restart, recompute, rebuild' },
  { pattern: /\b(?:takes?|took|taking) up\b|\b(?:gives?|gave) up its place\b/i, write: 'accept, start, read, occupy' },
  {
    pattern: /\b(?:let|lets|letting) (?:\w+ ){0,2}go\b|\b(?:left|leaves?|leaving) (?:\w+ )?alone\b/i,
    write: 'free, release, discard, evict; skip',
  },
  {
    pattern: /\bnobody\b|\bsomebody\b|\bwhoever\b|\bsomeone\b|\banybody\b/i,
    write: 'name the subject: no reader, the caller, a thread',
  },
  { pattern: /\bsigns? of life\b/i, write: 'heartbeat' },
  { pattern: /\bbooks?\b|\bbookkeeping\b/i, write: 'registry, table, block manager' },
  { pattern: /\bnews\b/i, write: 'updates' },
  { pattern: /\brehears(?:e|es|ed|al|als|ing)\b|\bpracti[sc](?:e|es|ed|ing)\b/i, write: 'warm up, warm-up' },
  { pattern: /\bnewcomers?\b|\bapprentice\w*\b/i, write: 'cold thread' },
  { pattern: /\bkept (?:partition|dataset|RDD|block|output)s?\b/i, write: 'persisted' },
  {
    pattern:
      /\bthe dead\b(?! (?:thread|one|letter|process|owner|driver|worker|writer)s?)|\bheirs?\b|\bverdicts?\b|\bcondemn\w*\b/i,
    write: 'the dead thread; successor; exit cause; mark as dying',
  },
  {
    pattern: new RegExp(`${START}(?:What|That which|Who|Whose) (?![^.]*\\?)`),
    write: 'a noun as subject, not a clause',
  },
  {
    pattern: /\bthat which\b|\bwhat (?:is|was|are|were) (?:made|given|kept|told|there|left) of\b/i,
    write: 'a noun, not a clause',
  },
]

/** Lines that are right as they are, by a part of their text. */
export const ALLOWED = []

/** Files and folders that are not rewritten yet. A check without arguments skips them. */
export const PENDING = []
