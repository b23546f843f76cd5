// The search of a page: what is typed is in the address at once. How one searches is said beside it, and what was not
// understood below.
import type { ComponentChildren } from 'preact'
import { Cut } from './parts.tsx'
import { ALERT_FIELDS, IDENTITY_FIELDS, queryProblems } from './query.ts'

type Props = { query: string; onQuery: (query: string) => void }

export const AlertSearch = (props: Props) => (
  <Search {...props} label="Search alerts" fields={ALERT_FIELDS}>
    <p>
      Each word occurs somewhere in an alert: in its sentence, a program or a path of its process
      chain, a hash, a signer, a user, the destination or the machine’s name. In quotes, several
      words as they stand. A network of IPv4 or IPv6 (<code>to:10.0.0.0/9</code>) finds the
      addresses in it. A star at its end (<code>path:/opt/*</code>) asks for how a value begins,
      where it is not in quotes.
    </p>
    <dl class="list">
      <Field
        name="user"
        of="who ran it, or a program above it; a number where the name is not known"
      />
      <Field
        name="to"
        of="the destination: a name, an address, either with its port, or a network"
      />
      <Field name="host" of="the machine, by name, or by its id or the first 8 letters of it" />
      <Field
        name="path"
        of="a program or script of the process chain, or its last parts: path:tool, path:bin/tool"
      />
      <Field name="script" of="the same as path:, where one thinks of scripts" />
      <Field name="hash" of="a SHA-256 or code hash, or its first 12 digits or more" />
      <Field name="signing" of="a signing id or team" />
      <Field name="app" of="the key of a program, as its page has it" />
    </dl>
    <Example of={'user:ada to:203.0.113.77 path:"/opt/a b/tool"'} />
  </Search>
)

export const IdentitySearch = (props: Props) => (
  <Search {...props} label="Search identities" fields={IDENTITY_FIELDS}>
    <p>
      Each word occurs somewhere in what is known of a program: its name, path, key or hash, its
      signer, who first ran it, or the machine’s name. In quotes, several words as they stand.
    </p>
    <dl class="list">
      <Field name="host" of="the machine, by name or id" />
    </dl>
    <Example of={'"Software Update" host:build-07.example.org'} />
  </Search>
)

const Field = ({ name, of }: { name: string; of: string }) => (
  <>
    <dt>
      <code>{name}:</code>
    </dt>
    <dd>{of}</dd>
  </>
)

const Example = ({ of }: { of: string }) => (
  <p>
    A field asks for the whole of a value; a quote inside quotes is written twice. For example:{' '}
    <code>{of}</code>
  </p>
)

const PROBLEMS_SHOWN = 3

function Search(
  props: Props & { label: string; fields: readonly string[]; children: ComponentChildren },
) {
  const { label, query, onQuery, fields, children } = props
  const problems = queryProblems(query, fields).slice(0, PROBLEMS_SHOWN)
  return (
    <>
      <div class="searching">
        <label class="search">
          <span class="unseen">{label}</span>
          <input
            type="search"
            placeholder={label}
            value={query}
            onInput={(event) => onQuery(event.currentTarget.value)}
            spellcheck={false}
            autocomplete="off"
          />
          <span class="hint" aria-hidden="true">
            /
          </span>
        </label>
        <details class="how">
          <summary>How to search</summary>
          <div class="panel">{children}</div>
        </details>
      </div>
      <div class={problems.length > 0 ? 'notice' : undefined} role="status">
        {problems.map((problem) => (
          <p key={problem}>
            <Cut text={problem} max={240} />
          </p>
        ))}
      </div>
    </>
  )
}
