/*
 * What the page does in a browser. Forms are sent and their answers put in place; live lists grow.
 * The server writes and escapes all that is shown.
 */

/** The script of the page, served as it is. */
export const SCRIPT = `const said = document.getElementById('said')
const MOST_ENTRIES = 100

function put(target, markup) {
  const template = document.createElement('template')
  template.innerHTML = markup
  target.replaceChildren(template.content)
}

function fieldsOf(form) {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim() !== ''))
}

async function send(form) {
  const target = document.getElementById(form.dataset.target)
  target.setAttribute('aria-busy', 'true')
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      body: fieldsOf(form),
      headers: { accept: 'text/html' },
    })
    put(target, await response.text())
    said.textContent = response.ok ? 'Done.' : 'That did not work.'
  } catch {
    put(target, '<p class="alert" role="alert">The development Verifier does not answer. Is it running?</p>')
  } finally {
    target.removeAttribute('aria-busy')
  }
}

function quoted(text) {
  return "'" + text.replaceAll("'", "'\\\\''") + "'"
}

function showCommand(form) {
  const parts = [...fieldsOf(form)].map(([name, value]) => ' \\\\\\n  --data-urlencode ' + quoted(name + '=' + value))
  form.querySelector('.curl pre').textContent = 'curl -s -X POST ' + form.action + parts.join('')
}

for (const form of document.querySelectorAll('form[data-target]')) {
  showCommand(form)
  form.addEventListener('input', () => showCommand(form))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void send(form)
  })
}

document.addEventListener('click', async ({ target }) => {
  const id = target.dataset?.copy
  if (id === undefined) return
  await navigator.clipboard.writeText(document.getElementById(id).textContent)
  said.textContent = 'Copied.'
  target.textContent = 'Copied'
  setTimeout(() => (target.textContent = 'Copy'), 2000)
})

const events = new EventSource('/console/events')
events.addEventListener('open', () => {
  for (const list of document.querySelectorAll('.feed')) list.replaceChildren()
})
events.addEventListener('state', ({ data }) => put(document.getElementById('state'), data))
for (const topic of ['request', 'decision'])
  events.addEventListener(topic, ({ data }) => {
    const list = document.getElementById(topic + '-list')
    const template = document.createElement('template')
    template.innerHTML = data
    list.prepend(template.content)
    while (list.children.length > MOST_ENTRIES) list.lastElementChild.remove()
  })
`
