/** The drawer under the canvas: problems, the table of nodes, and where the time goes. A row and its card are the same thing. */

import { type PointerEvent, type ReactElement, useMemo, useRef } from "react";

import { useEditor, useInstance, useView } from "../state/context";
import { DRAWER_LEAST, DRAWER_MOST, type DrawerTab, setDrawerHeight } from "../state/view";
import { Icon } from "./Icon";
import { NodeTable } from "./NodeTable";
import { Problems } from "./Problems";
import { TimeTable } from "./TimeTable";

export function Drawer(): ReactElement {
  const { view } = useInstance();
  const open = useView((state) => state.drawer);
  const height = useView((state) => state.drawerHeight);
  const issues = useEditor((state) => state.analysis?.issues.length ?? 0);
  const nodes = useEditor((state) => state.doc.nodes.length);
  const toggle = (tab: DrawerTab): void => view.setState({ drawer: open === tab ? null : tab });
  const tabs = useMemo(
    () => [
      { id: "problems" as const, title: "Problems", badge: issues, bad: issues > 0 },
      { id: "nodes" as const, title: "Nodes", badge: nodes, bad: false },
      { id: "time" as const, title: "Time", badge: null, bad: false },
    ],
    [issues, nodes],
  );
  return (
    <div className="drawer" data-testid="drawer" data-open={open ?? ""}>
      <div className="tabs" role="tablist" aria-label="Lists">
        {open !== null && <Resize />}
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            aria-selected={open === tab.id}
            className={open === tab.id ? "button on" : "button"}
            data-testid={`drawer-${tab.id}`}
            onClick={() => toggle(tab.id)}
          >
            {tab.title}
            {tab.badge !== null && <span className={tab.bad ? "badge bad" : "badge"}>{tab.badge}</span>}
          </button>
        ))}
        <span className="spacer" />
        <Coverage />
        {open !== null && (
          <button type="button" className="button square" aria-label="Close the drawer" onClick={() => view.setState({ drawer: null })}>
            <Icon name="down" />
          </button>
        )}
      </div>
      {open !== null && (
        <div className="body scroll" role="tabpanel" style={{ height }}>
          <Shown tab={open} />
        </div>
      )}
    </div>
  );
}

function Shown({ tab }: { tab: DrawerTab }): ReactElement {
  if (tab === "problems") return <Problems />;
  return tab === "nodes" ? <NodeTable /> : <TimeTable />;
}

/** Said only when something is left out: a full account needs no words. */
function Coverage(): ReactElement | null {
  const totals = useEditor((state) => state.analysis?.totals ?? null);
  const complete = useEditor((state) => state.analysis?.complete ?? true);
  if (totals === null || (totals.coverage >= 1 && complete)) return null;
  const text = complete
    ? `${(totals.coverage * 100).toFixed(1)} % of the outputs are counted`
    : "Totals leave out what follows a problem";
  return (
    <span className="muted" title={totals.uncounted.join(", ")}>
      {text}
    </span>
  );
}

const KEY_STEP = 24;

function Resize(): ReactElement {
  const { view } = useInstance();
  const height = useView((state) => state.drawerHeight);
  const start = useRef<{ y: number; height: number } | null>(null);
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { y: event.clientY, height: view.getState().drawerHeight };
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (start.current !== null) setDrawerHeight(view, start.current.height + start.current.y - event.clientY);
  };
  return (
    <div
      className="resize"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the drawer"
      aria-valuenow={height}
      aria-valuemin={DRAWER_LEAST}
      aria-valuemax={DRAWER_MOST}
      tabIndex={0}
      onKeyDown={(event) => {
        const step = event.key === "ArrowUp" ? KEY_STEP : event.key === "ArrowDown" ? -KEY_STEP : 0;
        if (step === 0) return;
        event.preventDefault();
        setDrawerHeight(view, height + step);
      }}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        start.current = null;
      }}
    />
  );
}
