/** @file react-select and react-window. */

import { createRoot } from "react-dom/client";
import Select from "react-select";
import { List } from "react-window";

window.app = {};
const options = ["Argentina", "Brazil", "Canada", "Denmark", "Egypt"].map((label) => ({
  label,
  value: label.slice(0, 2),
}));

function Row({ index, style }) {
  return (
    <div style={{ ...style, cursor: "pointer" }} onClick={() => (window.app.clicked = index)}>
      Item {index}
    </div>
  );
}

createRoot(document.getElementById("root")).render(
  <>
    <Select
      aria-label="Country"
      placeholder="Choose a country"
      options={options}
      onChange={(o) => (window.app.country = o?.value ?? null)}
      isClearable
    />
    <Select
      aria-label="Visited"
      isMulti
      options={options}
      onChange={(list) => (window.app.visited = list.map((o) => o.value))}
    />
    <div style={{ height: 500, width: 300, border: "1px solid" }}>
      <List rowComponent={Row} rowCount={1000} rowHeight={24} rowProps={{}} />
    </div>
  </>,
);
