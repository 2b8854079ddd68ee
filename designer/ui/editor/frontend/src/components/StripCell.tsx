/** One figure of the strip: its name, its value, what changed, and how it stands to its budget. Click to set one. */

import { type ReactElement, useRef, useState } from "react";

import { certaintyOf, isTooClose, sureText } from "../core/certainty";
import { difference, type Difference, NONE } from "../core/format";
import { type Standing, standingText } from "../core/budgets";
import type { Figures, Reference } from "../core/types";
import { BandBar } from "./BandBar";
import { BudgetField } from "./BudgetField";
import { type Detail, type Figure, figureText, latencyOf } from "./figures";

interface Props {
  readonly figure: Figure;
  readonly now: Figures | null;
  readonly before: Figures | null;
  readonly reference: Reference | null;
  readonly preview: boolean;
  readonly remark: string;
  readonly budget: number | null;
  readonly standing: Standing | null;
  /** It is the figure that binds. */
  readonly binds: boolean;
}

export function Cell({ figure, now, before, reference, preview, remark, budget, standing, binds }: Props): ReactElement {
  const button = useRef<HTMLButtonElement>(null);
  const [asking, setAsking] = useState(false);
  const value = now === null ? null : figure.read(now);
  const latency = now === null || figure.device === null ? undefined : latencyOf(now, figure.device);
  const more = now === null ? [] : figure.more(now);
  const classes = ["figure", figure.wide ? "wide" : "", standing?.state ?? "", binds ? "binds" : "", latency?.flag ?? ""].join(" ");
  return (
    <div className={classes} title={figure.hint} data-testid={`strip-${figure.id}`} data-value={value ?? ""} data-standing={standing?.state ?? ""}>
      <div className="what">{figure.what}</div>
      <div className="more">
        {remark !== "" && figure.device === null ? <span className="worse">{remark}</span> : more.map((part) => <span key={part}>{part}</span>)}
      </div>
      <button
        ref={button}
        type="button"
        className="now"
        aria-label={`${figure.what}: ${value === null ? "not known" : figureText(figure, value)}. Set a budget`}
        data-testid={`budget-${figure.id}`}
        onClick={() => setAsking(true)}
      >
        <span className="value">{value === null ? NONE : figureText(figure, value)}</span> {now !== null && <Aside detail={figure.detail(now)} remark={figure.device !== null && value !== null ? remark : ""} />}
      </button>
      {latency !== undefined && <BandBar latency={latency} budget={budget} />}
      <Change word={preview ? "would be" : "edit"} figure={figure} before={before} now={now} />
      <Change word="ref" figure={figure} before={reference} now={now} title={reference?.name} />
      {budget !== null && <Budget figure={figure} value={value} budget={budget} standing={standing} />}
      {asking && <BudgetField figure={figure} more={figure.device === null ? "" : more.join(" ")} budget={budget} anchor={button.current} onClose={() => setAsking(false)} />}
    </div>
  );
}

/** Beside the value; a remark on a latency takes the place of its band, which stays drawn. */
function Aside({ detail: [before, text, after], remark }: { detail: Detail; remark: string }): ReactElement {
  if (remark !== "") return <small className="worse">{remark}</small>;
  return (
    <small>
      <span className="room">{before}</span>
      {text}
      <span className="room">{after}</span>
    </small>
  );
}

interface BudgetProps {
  readonly figure: Figure;
  readonly value: number | null;
  readonly budget: number;
  readonly standing: Standing | null;
}

function Budget({ figure, value, budget, standing }: BudgetProps): ReactElement {
  const limit = figureText(figure, budget);
  const text = standing === null || value === null ? `budget ${limit}` : `${MARKS[standing.state]} ${standingText(figure.quantity, value, budget, standing)}`;
  const over = text.endsWith(` over ${limit}`);
  return (
    <div className="budget" title={`${text}. Budget: ${limit}`} data-testid={`standing-${figure.id}`}>
      {over ? text.slice(0, -limit.length) : text}
      {over && <span className="room">{limit}</span>}
    </div>
  );
}

const MARKS = { inside: "✓", undecided: "?", over: "✗" } as const;

interface ChangeProps {
  readonly word: string;
  readonly figure: Figure;
  readonly before: Figures | null;
  readonly now: Figures | null;
  readonly title?: string | undefined;
}

/** Less is better for every figure here; the sign says it, the colour only helps. Its line keeps its room. */
function Change({ word, figure, before, now, title }: ChangeProps): ReactElement {
  const change = difference(before && figure.read(before), now && figure.read(now), (value) => figureText(figure, value));
  if (change === null || change.direction === 0) return <div className="change" />;
  const sure = certainty(figure, before, now);
  const share = shareOf(change);
  const text = [change.amount, share].filter(Boolean).join(" ");
  const close = sure !== undefined && isTooClose(sure);
  const against = `${text}${title === undefined ? "" : ` against ${title}`}`;
  return (
    <div className="change" title={sure === undefined ? against : `${against}: ${sureText(sure)}, from held-out pairs of networks`}>
      <span className="faint">{word}</span>{" "}
      {close ? (
        <span className="muted">{sureText(sure)}</span>
      ) : (
        <>
          <span className={change.direction < 0 ? "better" : "worse"}>
            {change.amount}
            {share !== "" && <span className="room"> {share}</span>}
          </span>
          {sure !== undefined && <span className="muted">, {sureText(sure)}</span>}
        </>
      )}
    </div>
  );
}

/** A share too small for a figure says less than the amount. */
function shareOf({ share }: Difference): string {
  return share === "" || share.includes("<") ? "" : `(${share})`;
}

/** How sure the sign is; undefined for an exact figure. */
function certainty(figure: Figure, before: Figures | null, now: Figures | null): number | null | undefined {
  if (figure.device === null || before === null || now === null) return undefined;
  const [then, here] = [latencyOf(before, figure.device), latencyOf(now, figure.device)];
  return then === undefined || here === undefined ? undefined : certaintyOf(here, then);
}
