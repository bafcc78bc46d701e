# What a bundle must be before it is handed in. The validator (`spectramind submit validate`) holds
# the same rules; a test lets both judge the same good and bad bundles.
# Input: `BundleFacts` of src/spectramind/submission/bundle_facts.py. Any OPA-compatible engine:
#   deny: set of {"rule", "what"}; empty means that nothing is wrong.
package spectramind.bundle

import rego.v1

most_bytes := 1073741824

# ------------------------------------------------------------------ the zip's members

deny contains {"rule": "name", "what": member.name} if {
	some member in input.members
	unsafe(member.name)
}

deny contains {"rule": "twice", "what": member.name} if {
	some member in input.members
	count([1 | some other in input.members; other.name == member.name]) > 1
}

deny contains {"rule": "kind", "what": member.name} if {
	some member in input.members
	not regex.match(`\.(csv|json|npz)$`, member.name)
}

deny contains {"rule": "link", "what": member.name} if {
	some member in input.members
	not member.plain
}

deny contains {"rule": "pickle", "what": member.name} if {
	some member in input.members
	member.objects
}

deny contains {"rule": "size", "what": "members"} if {
	sum([member.bytes | some member in input.members]) > most_bytes
}

unsafe(name) if name == ""

unsafe(name) if startswith(name, "/")

unsafe(name) if contains(name, "\\")

unsafe(name) if contains(name, ":")

unsafe(name) if {
	some part in split(name, "/")
	part == ".."
}

# ------------------------------------------------------------------ the manifest

manifest_keys := {"time", "git_sha", "config_hash", "calibration", "toolchain", "files"}

deny contains {"rule": "manifest", "what": "missing"} if input.manifest == null

deny contains {"rule": "manifest", "what": "keys"} if {
	input.manifest != null
	object.keys(input.manifest) != manifest_keys
}

deny contains {"rule": "manifest", "what": "config_hash"} if {
	input.manifest != null
	not regex.match(`^[0-9a-f]{8}$`, input.manifest.config_hash)
}

deny contains {"rule": "manifest", "what": "git_sha"} if {
	input.manifest != null
	not regex.match(`^([0-9a-f]{7,64}|not a checkout)$`, input.manifest.git_sha)
}

deny contains {"rule": "manifest", "what": "time"} if {
	input.manifest != null
	not regex.match(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$`, input.manifest.time)
}

deny contains {"rule": "digest", "what": member.name} if {
	some member in listed
	input.manifest.files[member.name] != member.sha256
}

deny contains {"rule": "unlisted", "what": member.name} if {
	some member in listed
	not input.manifest.files[member.name]
}

deny contains {"rule": "absent", "what": name} if {
	some name, _ in input.manifest.files
	not name in {member.name | some member in input.members}
}

deny contains {"rule": "absent", "what": "submission.csv"} if {
	not "submission.csv" in {member.name | some member in input.members}
}

# What was applied is in the bundle, or nobody can repeat it.
deny contains {"rule": "calibrator", "what": "temperature.json"} if {
	applied("temperature")
	not holds("temperature.json")
}

deny contains {"rule": "calibrator", "what": "corel.npz"} if {
	applied("corel")
	not holds("corel.npz")
}

listed := [member | some member in input.members; member.name != "submission_manifest.json"]

applied(what) if {
	input.manifest.calibration[what] != null
}

holds(name) if {
	some member in input.members
	parts := split(member.name, "/")
	parts[count(parts) - 1] == name
}

# ------------------------------------------------------------------ the table

deny contains {"rule": "columns", "what": "submission.csv"} if {
	input.table.columns != spectramind_columns
	input.table.columns != kaggle_columns
}

deny contains {"rule": "row", "what": row.planet} if {
	some row in input.table.rows
	not sound(row)
}

deny contains {"rule": "planets", "what": "none"} if count(input.table.rows) == 0

deny contains {"rule": "planets", "what": "one is given twice"} if {
	count(planets) != count(input.table.rows)
}

deny contains {"rule": "planets", "what": planet} if {
	input.expected != null
	some planet in (wanted - planets)
}

deny contains {"rule": "planets", "what": planet} if {
	input.expected != null
	some planet in (planets - wanted)
}

wanted := {planet | some planet in input.expected}

planets := {row.planet | some row in input.table.rows}

sound(row) if {
	regex.match(`^[^\s,"'/\\]+$`, row.planet)
	row.values == 567
	row.numbers == 566
	row.least_mu >= 0
	row.most_mu < 1
	row.least_sigma > 0
}

# Plain rules, no function: comprehensions inside functions are where engines differ.
spectramind_mu := [sprintf("mu_%d", [i]) | some i in numbers.range(0, 282)]

spectramind_sigma := [sprintf("sigma_%d", [i]) | some i in numbers.range(0, 282)]

kaggle_mu := [sprintf("wl_%d", [i]) | some i in numbers.range(1, 283)]

kaggle_sigma := [sprintf("sigma_%d", [i]) | some i in numbers.range(1, 283)]

spectramind_columns := array.concat(["planet_id"], array.concat(spectramind_mu, spectramind_sigma))

kaggle_columns := array.concat(["planet_id"], array.concat(kaggle_mu, kaggle_sigma))
