/** The right side: whatever is selected, or the design as a whole. */

import type { ReactElement } from "react";

import { useEditor } from "../state/context";
import { DesignInspector } from "./DesignInspector";
import { ManyInspector } from "./ManyInspector";
import { NodeInspector } from "./NodeInspector";
import { StageInspector } from "./StageInspector";
import { WireInspector } from "./WireInspector";

export function Inspector(): ReactElement {
  return (
    <aside className="inspector scroll" aria-label="Inspector" data-testid="inspector">
      <Body />
    </aside>
  );
}

function Body(): ReactElement {
  const { nodes, stage, wire } = useEditor((state) => state.selection);
  const [first] = nodes;
  if (first !== undefined && nodes.length === 1) return <NodeInspector key={first} id={first} />;
  if (nodes.length > 1) return <ManyInspector ids={nodes} />;
  if (stage !== null) return <StageInspector key={stage} id={stage} />;
  if (wire !== null) return <WireInspector key={wire} id={wire} />;
  return <DesignInspector />;
}
