/** @file Material UI: selects, pickers of text, sliders, tabs, dialogs, menus, toasts, tables. */

import { useState } from "react";
import { createRoot } from "react-dom/client";
import {
  Accordion,
  AccordionDetails,
  AccordionSummary,
  Autocomplete,
  Box,
  Button,
  Checkbox,
  Chip,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  FormControl,
  FormControlLabel,
  IconButton,
  InputLabel,
  Link,
  Menu,
  MenuItem,
  Radio,
  RadioGroup,
  Rating,
  Select,
  Slider,
  Snackbar,
  Switch,
  Tab,
  Table,
  TableBody,
  TableCell,
  TableRow,
  Tabs,
  TextField,
  ToggleButton,
  ToggleButtonGroup,
} from "@mui/material";

window.app = {};
const set = (key, value) => (window.app[key] = value);

function Choices() {
  const [fruit, setFruit] = useState("");
  const [sizes, setSizes] = useState([]);
  const [pay, setPay] = useState("card");
  return (
    <section>
      <FormControl style={{ width: 200 }}>
        <InputLabel id="fruit">Fruit</InputLabel>
        <Select
          labelId="fruit"
          label="Fruit"
          value={fruit}
          onChange={(e) => setFruit(set("fruit", e.target.value))}
        >
          {["Apple", "Banana", "Cherry"].map((f) => (
            <MenuItem key={f} value={f}>
              {f}
            </MenuItem>
          ))}
        </Select>
      </FormControl>
      <FormControl style={{ width: 200 }}>
        <InputLabel id="sizes">Sizes</InputLabel>
        <Select
          multiple
          labelId="sizes"
          label="Sizes"
          value={sizes}
          onChange={(e) => setSizes(set("sizes", e.target.value))}
        >
          {["Small", "Medium", "Large"].map((s) => (
            <MenuItem key={s} value={s}>
              {s}
            </MenuItem>
          ))}
        </Select>
      </FormControl>
      <FormControlLabel
        label="Gift wrap"
        control={<Checkbox onChange={(e) => set("gift", e.target.checked)} />}
      />
      <FormControlLabel
        label="Notifications"
        control={<Switch onChange={(e) => set("notify", e.target.checked)} />}
      />
      <FormControlLabel
        label={
          <span>
            I accept the <Link href="#terms">terms</Link>
          </span>
        }
        control={<Checkbox onChange={(e) => set("terms", e.target.checked)} />}
      />
      <RadioGroup row value={pay} onChange={(e) => setPay(set("pay", e.target.value))}>
        <FormControlLabel value="card" label="Card" control={<Radio />} />
        <FormControlLabel value="invoice" label="Invoice" control={<Radio />} />
      </RadioGroup>
      <ToggleButtonGroup exclusive value={null} onChange={(_, v) => set("align", v)}>
        <ToggleButton value="left" aria-label="Align left">
          L
        </ToggleButton>
        <ToggleButton value="right" aria-label="Align right">
          R
        </ToggleButton>
      </ToggleButtonGroup>
      <Rating name="stars" onChange={(_, v) => set("stars", v)} />
      <Box width={200}>
        <Slider aria-label="Volume" defaultValue={30} onChange={(_, v) => set("volume", v)} />
      </Box>
    </section>
  );
}

const CITIES = [
  "Athens",
  "Berlin",
  "Bern",
  "Boston",
  "Cairo",
  "Delhi",
  "Lima",
  "Lisbon",
  "London",
  "Oslo",
  "Paris",
  "Rome",
  "Seoul",
  "Tokyo",
  "Vienna",
];

function Texts() {
  return (
    <section>
      <Autocomplete
        options={CITIES}
        style={{ width: 250 }}
        onChange={(_, v) => set("city", v)}
        renderInput={(params) => <TextField {...params} label="City" />}
      />
      <Autocomplete
        multiple
        freeSolo
        options={[]}
        style={{ width: 400 }}
        onChange={(_, v) => set("tags", v)}
        renderInput={(params) => <TextField {...params} label="Tags" />}
      />
      <TextField label="Notes" multiline onChange={(e) => set("notes", e.target.value)} />
      <TextField label="Search" onKeyUp={(e) => set("searched", e.target.value)} />
    </section>
  );
}

function Layers() {
  const [open, setOpen] = useState(false);
  const [theme, setTheme] = useState("");
  const [toast, setToast] = useState(false);
  const [anchor, setAnchor] = useState(null);
  const choose = (item) => {
    set("menu", item);
    setAnchor(null);
  };
  return (
    <section>
      <Button onClick={() => setOpen(true)}>Open settings</Button>
      <Dialog
        open={open}
        onClose={() => {
          set("dismissed", true);
          setOpen(false);
        }}
      >
        <DialogTitle>Settings</DialogTitle>
        <DialogContent>
          <FormControl style={{ width: 200, marginTop: 8 }}>
            <InputLabel id="theme">Theme</InputLabel>
            <Select labelId="theme" label="Theme" value={theme} onChange={(e) => setTheme(e.target.value)}>
              {["Light", "Dark", "System"].map((t) => (
                <MenuItem key={t} value={t}>
                  {t}
                </MenuItem>
              ))}
            </Select>
          </FormControl>
        </DialogContent>
        <DialogActions>
          <Button
            onClick={() => {
              set("theme", theme);
              setOpen(false);
            }}
          >
            Save
          </Button>
        </DialogActions>
      </Dialog>
      <Button onClick={() => setToast(true)}>Notify me</Button>
      <Snackbar
        open={toast}
        message="You will be notified"
        action={
          <IconButton
            aria-label="Dismiss"
            onClick={() => {
              set("toast", "dismissed");
              setToast(false);
            }}
          >
            ×
          </IconButton>
        }
      />
      <Button onClick={(e) => setAnchor(e.currentTarget)}>Account</Button>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        {["Profile", "Log out"].map((item) => (
          <MenuItem key={item} onClick={() => choose(item)}>
            {item}
          </MenuItem>
        ))}
      </Menu>
      <Accordion>
        <AccordionSummary>Delivery</AccordionSummary>
        <AccordionDetails>
          Arrives on Monday. <Button onClick={() => set("tracked", true)}>Track parcel</Button>
        </AccordionDetails>
      </Accordion>
    </section>
  );
}

function Collections() {
  const [tabs, setTabs] = useState(["Inbox", "Drafts", "Sent"]);
  const [tab, setTab] = useState("Inbox");
  const [chips, setChips] = useState(["red", "green", "blue"]);
  const close = (t) => (e) => {
    e.stopPropagation();
    setTabs(
      set(
        "tabs",
        tabs.filter((x) => x !== t),
      ),
    );
  };
  const [count, setCount] = useState(1);
  return (
    <section>
      <Tabs value={tab} onChange={(_, t) => setTab(set("tab", t))}>
        {tabs.map((t) => (
          <Tab
            key={t}
            value={t}
            label={
              <span>
                {t}{" "}
                <span role="button" aria-label={`Close ${t}`} onClick={close(t)}>
                  ×
                </span>
              </span>
            }
          />
        ))}
      </Tabs>
      {chips.map((c) => (
        <Chip
          key={c}
          label={c}
          onDelete={() =>
            setChips(
              set(
                "chips",
                chips.filter((x) => x !== c),
              ),
            )
          }
        />
      ))}
      <IconButton aria-label="Less" onClick={() => setCount(set("count", count - 1))}>
        −
      </IconButton>
      {count}
      <IconButton aria-label="More" onClick={() => setCount(set("count", count + 1))}>
        +
      </IconButton>
      <Table>
        <TableBody>
          {["Ann", "Bob", "Cid"].map((n) => (
            <TableRow key={n} hover style={{ cursor: "pointer" }} onClick={() => set("opened", n)}>
              <TableCell>{n}</TableCell>
              <TableCell>
                <Button
                  onClick={(e) => {
                    e.stopPropagation();
                    set("edited", n);
                  }}
                >
                  Edit
                </Button>
                <IconButton
                  title="Delete"
                  onClick={(e) => {
                    e.stopPropagation();
                    set("deleted", n);
                  }}
                >
                  🗑
                </IconButton>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </section>
  );
}

createRoot(document.getElementById("root")).render(
  <>
    <Choices />
    <Texts />
    <Layers />
    <Collections />
  </>,
);
