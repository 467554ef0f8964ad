// The rules of the simulated filtered stream: GET and POST /2/tweets/search/stream/rules.

export const RULES_PATH = '/2/tweets/search/stream/rules'
const LONGEST_RULE = 1024
const DUPLICATE = 'https://api.twitter.com/2/problems/duplicate-rules'

export class Rules {
  #rules = new Map()
  #next = 1

  get list() {
    return [...this.#rules.values()]
  }

  /**
   * @param {'GET' | 'POST'} method
   * @param {URLSearchParams} query with dry_run=true nothing changes
   * @param {string} body `{ add: [{ value, tag }] }` or `{ delete: { ids: [] } }`, in JSON
   * @returns {{ status: number, body: object }}
   */
  answer(method, query, body) {
    const sent = new Date().toISOString()
    if (method === 'GET') {
      const data = this.list
      return { status: 200, body: { ...(data.length > 0 ? { data } : {}), meta: { sent, result_count: data.length } } }
    }
    const dry = query.get('dry_run') === 'true'
    const { add = [], delete: remove } = JSON.parse(body)
    if (remove) return { status: 200, body: { meta: { sent, summary: this.#remove(remove.ids, dry) } } }
    const { data, errors } = this.#add(add, dry)
    const summary = { created: data.length, not_created: errors.length, valid: data.length, invalid: errors.length }
    const answer = {
      ...(data.length > 0 ? { data } : {}),
      meta: { sent, summary },
      ...(errors.length > 0 ? { errors } : {}),
    }
    return { status: data.length > 0 ? 201 : 200, body: answer }
  }

  #remove(ids, dry) {
    const found = ids.filter((id) => this.#rules.has(id))
    if (!dry) for (const id of found) this.#rules.delete(id)
    return { deleted: found.length, not_deleted: ids.length - found.length }
  }

  /** A rule that cannot be added is an error of its own; the others are added. */
  #add(rules, dry) {
    const data = []
    const errors = []
    for (const { value, tag } of rules) {
      const same = this.list.find((rule) => rule.value === value)
      if (same) errors.push({ value, id: same.id, title: 'DuplicateRule', type: DUPLICATE })
      else if (value.length > LONGEST_RULE)
        errors.push({ value, title: 'InvalidRule', detail: 'The rule is too long.' })
      else {
        const rule = { id: String(this.#next++), value, ...(tag === undefined ? {} : { tag }) }
        if (!dry) this.#rules.set(rule.id, rule)
        data.push(rule)
      }
    }
    return { data, errors }
  }
}
