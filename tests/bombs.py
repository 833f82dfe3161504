"""Queries that hurt engines, by kind; each has to end within the deadline, whole or with an error."""

from __future__ import annotations

_ALL = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"


def _nested(opening: str, inside: str, closing: str, times: int) -> str:
    return opening * times + inside + closing * times


CARTESIAN = {
    "product": f"SELECT * {{ {_ALL} }}",
    "product distinct": f"SELECT DISTINCT * {{ {_ALL} }}",
    "product reduced": f"SELECT REDUCED * {{ {_ALL} }}",
    "product ordered": f"SELECT * {{ {_ALL} }} ORDER BY ?c ?f ?i",
    "product ordered by expression": f"SELECT * {{ {_ALL} }} ORDER BY (STRLEN(STR(?c)) * STRLEN(STR(?f)))",
    "product counted": f"SELECT (COUNT(*) AS ?n) {{ {_ALL} }}",
    "product counted distinct": f"SELECT (COUNT(DISTINCT *) AS ?n) {{ {_ALL} }}",
    "product grouped": f"SELECT ?c (COUNT(*) AS ?n) {{ {_ALL} }} GROUP BY ?c ?f ?i",
    "product having": f"SELECT ?c {{ {_ALL} }} GROUP BY ?c HAVING (COUNT(*) > 1000000000000)",
    "product with offset": f"SELECT * {{ {_ALL} }} OFFSET 99999999999 LIMIT 1",
    "product asked": f"ASK {{ {_ALL} FILTER (?a = ?l && ?a != ?l) }}",
    "product constructed": f"CONSTRUCT {{ ?a ?e ?i }} WHERE {{ {_ALL} }}",
    "product described": f"DESCRIBE ?a ?d ?g WHERE {{ {_ALL} }}",
    "product filtered": f"SELECT * {{ {_ALL} FILTER (STR(?c) = CONCAT(STR(?f), STR(?i))) }}",
    "product minus": f"SELECT * {{ {_ALL} MINUS {{ ?m ?n ?o . ?p ?q ?r . ?a ?t ?u }} }}",
    "product optional": "SELECT * { ?a ?b ?c OPTIONAL { ?d ?e ?f OPTIONAL { ?g ?h ?i OPTIONAL { ?j ?k ?l } } } }",
    "product of subselects": "SELECT * { { SELECT * { ?a ?b ?c } } { SELECT * { ?d ?e ?f } } "
    "{ SELECT * { ?g ?h ?i } } }",
    "product not exists": f"SELECT * {{ {_ALL} FILTER NOT EXISTS {{ ?x ?y ?z . ?u ?v ?w FILTER (?x = ?w) }} }}",
    "product of graphs": "SELECT * { GRAPH ?m { ?a ?b ?c } GRAPH ?n { ?d ?e ?f } GRAPH ?o { ?g ?h ?i } }",
    "product of values": "SELECT (COUNT(*) AS ?n) {"
    + " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(90)))} }}" for n in range(8))
    + "}",
}
PATHS = {
    "any path": "SELECT * { ?s (<x:a>|!<x:a>)* ?o }",
    "any path plus": "SELECT (COUNT(*) AS ?n) { ?s (<x:a>|!<x:a>)+ ?o . ?o (<x:a>|!<x:a>)+ ?p }",
    "path both ways": "SELECT * { ?s ((<x:a>|!<x:a>)|^(<x:a>|!<x:a>))* ?o }",
    "path of paths": "SELECT * { ?s (((<x:a>|!<x:a>)*/(<x:a>|!<x:a>)*)*/(<x:b>|!<x:b>)*)* ?o }",
    "path optional": "SELECT * { ?s (<x:a>|!<x:a>)?/(<x:a>|!<x:a>)?/(^(<x:a>|!<x:a>))?/(<x:a>|!<x:a>)? ?o }",
    "long sequence": "SELECT * { ?s " + "/".join(["(<x:a>|!<x:a>)"] * 40) + " ?o }",
    "long alternative": "SELECT * { ?s (" + "|".join(f"<x:{n}>" for n in range(3000)) + ")* ?o }",
}
GROWTH = {
    "group concat": "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
    "group concat distinct": "SELECT (GROUP_CONCAT(DISTINCT CONCAT(STR(?c), STR(?f))) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
    "string doubling": "SELECT ?x { BIND ('aaaaaaaaaaaaaaaa' AS ?a0) "
    + " ".join(f"BIND (CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(40))
    + " BIND (STRLEN(?a40) AS ?x) }",
    "string doubling once": "SELECT (STRLEN(?a30) AS ?x) { BIND ('aaaaaaaaaaaaaaaa' AS ?a0) "
    + " ".join(f"BIND (CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(30))
    + " }",
    "replace doubling": "SELECT ?x { BIND ('aaaa' AS ?a0) "
    + " ".join(f"BIND (REPLACE(?a{n}, 'a', 'aaaaaaaa') AS ?a{n + 1})" for n in range(20))
    + " BIND (?a20 AS ?x) }",
    "encoding growth": "SELECT ?x { BIND ('%%%%%%%%' AS ?a0) "
    + " ".join(f"BIND (ENCODE_FOR_URI(?a{n}) AS ?a{n + 1})" for n in range(30))
    + " BIND (?a30 AS ?x) }",
    "large numbers": "SELECT (" + "*".join(["99999999999999999"] * 200) + " AS ?x) {}",
    "hashes": "SELECT (SHA512(CONCAT(STR(?c), STR(?f), STR(?i))) AS ?x) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?x",
}
REGEX = {
    "regex": f"SELECT * {{ {_ALL} FILTER REGEX(STR(?c), '(a+)+(a+)+(a+)+$') }}",
    "regex from data": "SELECT * { ?a ?b ?c . ?d ?e ?f FILTER REGEX(STR(?c), STR(?f)) }",
    "regex counted": "SELECT * { ?a ?b ?c FILTER REGEX(STR(?c), '((((a{1,100}){1,100}){1,100}){1,100}){1,100}') }",
    "replace from data": "SELECT (REPLACE(STR(?c), STR(?f), STR(?i)) AS ?x) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
}
NESTED = {
    "braces": "SELECT * " + _nested("{", "?s ?p ?o", "}", 2300),
    "parentheses": "SELECT (" + _nested("(", "1", ")", 5000) + " AS ?x) {}",
    "nots": "SELECT (" + "!" * 5000 + "true AS ?x) {}",
    "minuses": "SELECT (" + "- " * 5000 + "1 AS ?x) {}",
    "subselects": "SELECT * " + _nested("{ SELECT * ", "{ ?s ?p ?o }", "}", 1500),
    "optionals": "SELECT * {" + _nested("OPTIONAL {", "?s ?p ?o", "}", 2000) + "}",
    "exists": "SELECT * {" + _nested("FILTER EXISTS {", "?s ?p ?o", "}", 2000) + "}",
    "not exists": "SELECT * {" + _nested("FILTER NOT EXISTS {", "?s ?p ?o", "}", 2000) + "}",
    "minus": "SELECT * { ?s ?p ?o " + _nested("MINUS {", "?s ?p ?o", "}", 2000) + "}",
    "graphs": "SELECT * {" + _nested("GRAPH ?g {", "?s ?p ?o", "}", 2000) + "}",
    "lists": "SELECT * { ?s ?p " + _nested("(", "1", ")", 4000) + "}",
    "blank nodes": "SELECT * { ?s ?p " + _nested("[ ?q ", "1", "]", 4000) + "}",
    "functions": "SELECT (" + _nested("STR(", "1", ")", 4000) + " AS ?x) {}",
    "ifs": "SELECT (" + _nested("IF(true, ", "1", ", 2)", 3000) + " AS ?x) {}",
    "paths": "SELECT * { ?s " + _nested("(", "<x:a>", ")*", 4000) + " ?o }",
    "inverse paths": "SELECT * { ?s " + "^" * 4000 + "<x:a> ?o }",
}
MANY = {
    "patterns": "SELECT * {" + "?s ?p ?o . " * 5000 + "}",
    "patterns repeated": "SELECT * {" + " . ".join(["?s ?p ?o"] * 192) + "}",
    "patterns of many variables": "SELECT * {" + " . ".join(f"?s{n} ?p{n} ?s{n + 1}" for n in range(192)) + "}",
    "patterns by semicolon": "SELECT * { ?s " + " ; ".join(["?p ?o"] * 3000) + "}",
    "patterns by comma": "SELECT * { ?s ?p " + " , ".join(f"?o{n}" for n in range(5000)) + "}",
    "unions": "SELECT * {" + " UNION ".join(["{ ?s ?p ?o }"] * 7000) + "}",
    "some unions": "SELECT * {" + " UNION ".join(["{ ?a ?b ?c . ?d ?e ?f }"] * 90) + "}",
    "optionals in a row": "SELECT * { ?s ?p ?o " + "OPTIONAL { ?s ?q ?r } " * 4000 + "}",
    "values": "SELECT * { VALUES ?v {" + " ".join(map(str, range(50_000))) + "} }",
    "values blocks": "SELECT * {" + "VALUES ?v { 1 2 3 } " * 3000 + "}",
    "binds": "SELECT * {" + " ".join(f"BIND (1 AS ?v{n})" for n in range(5000)) + "}",
    "filters": "SELECT * { ?s ?p ?o " + "FILTER (?o != 1) " * 5000 + "}",
    "ins": "SELECT * { ?s ?p ?o FILTER (?o IN (" + ", ".join(map(str, range(20_000))) + ")) }",
    "conditions": "SELECT * { ?s ?p ?o FILTER (" + " || ".join(["?o = 1"] * 5000) + ") }",
    "prologue": "".join(f"PREFIX p{n}: <http://example.org/{n}#> " for n in range(4000)) + "SELECT * { ?s ?p ?o }",
    "projection": "SELECT " + " ".join(f"?v{n}" for n in range(20_000)) + " { ?s ?p ?o }",
    "letters": "SELECT * {" + "é" * 99_000,
    "names without end": "SELECT * {" + "é-a." * 24_000,
    "strings without end": "SELECT * {" + "'''\\\\a" * 16_000,
    "tags": "SELECT * {" + "@a" * 49_000,
    "huge literal": "SELECT ('" + "a" * 2_000_000 + "' AS ?x) {}",
    "huge comment": "#" + "a" * 2_000_000 + "\nSELECT * { ?s ?p ?o } LIMIT 1",
    "huge iri": "SELECT * { <http://example.org/" + "a" * 500_000 + "> ?p ?o }",
}
"""Bombs by the count of something."""

_PLACE = "<http://127.0.0.1:{port}/sparql>"
SERVICE = [
    "SELECT * { SERVICE @ { ?s ?p ?o } }",
    "SELECT * { service @ { ?s ?p ?o } }",
    "SELECT * { SeRvIcE @ { ?s ?p ?o } }",
    "SELECT * { SERVICE SILENT @ { ?s ?p ?o } }",
    "SELECT * { service silent @ { ?s ?p ?o } }",
    "SELECT * { SERVICE\tSILENT\n@ { ?s ?p ?o } }",
    "SELECT * { SERVICE# comment\n@ { ?s ?p ?o } }",
    "SELECT * { SERVICE@{ ?s ?p ?o } }",
    "SELECT * {SERVICE@{}}",
    "SELECT * { ?s ?p ?o . SERVICE @ { ?s ?q ?r } }",
    "SELECT * { ?s ?p ?o SERVICE @ { ?s ?q ?r } }",
    "SELECT * { OPTIONAL { SERVICE @ { ?s ?p ?o } } }",
    "SELECT * { { SERVICE @ { ?s ?p ?o } } UNION { ?s ?p ?o } }",
    "SELECT * { { SELECT * { SERVICE @ { ?s ?p ?o } } } }",
    "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE @ { ?s ?q ?r } } }",
    "SELECT * { ?s ?p ?o FILTER NOT EXISTS { SERVICE SILENT @ { ?s ?q ?r } } }",
    "SELECT * { ?s ?p ?o MINUS { SERVICE @ { ?s ?q ?r } } }",
    "SELECT * { GRAPH ?g { SERVICE @ { ?s ?p ?o } } }",
    "SELECT * { VALUES ?e { @ } SERVICE ?e { ?s ?p ?o } }",
    "SELECT * { BIND (@ AS ?e) SERVICE SILENT ?e { ?s ?p ?o } }",
    "SELECT * { BIND (IRI(CONCAT('http://127.0.0.1:{port}', '/x')) AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "PREFIX x: <http://127.0.0.1:{port}/> SELECT * { SERVICE x:sparql { ?s ?p ?o } }",
    "BASE <http://127.0.0.1:{port}/> SELECT * { SERVICE <sparql> { ?s ?p ?o } }",
    "SELECT * { \\u0053ERVICE @ { ?s ?p ?o } }",
    "SELECT * { SERVIC\\u0045 SILENT @ { ?s ?p ?o } }",
    "SELECT * { \\U00000053ERVICE @ { ?s ?p ?o } }",
    "ASK { SERVICE @ { ?s ?p ?o } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE @ { ?s ?p ?o } }",
    "DESCRIBE ?s WHERE { SERVICE @ { ?s ?p ?o } }",
    "SELECT * { SERVICE @ { SERVICE @ { ?s ?p ?o } } }",
    "SELECT * { SERVICE @ { ?s ?p ?o } } LIMIT 1",
    "SELECT ('a' AS ?x) { SERVICE @ { ?s ?p ?o } FILTER ('SERVICE' = 'SERVICE') }",
    "SELECT * { SERVICESILENT@{} }",
    "SELECT * { SERVICESILENT?x {} }",
    "PREFIX : <http://127.0.0.1:{port}/> SELECT * { SERVICE:x {} }",
    "PREFIX ex: <http://127.0.0.1:{port}/> SELECT * { SERVICEex:x {} }",
    "PREFIX ex: <http://127.0.0.1:{port}/> SELECT * { serviceSilentex:x {} }",
    "PREFIX ex: <http://127.0.0.1:{port}/> SELECT * { ?s ?p trueSERVICEex:x {} }",
    "SELECT * { ?s ?p 1SERVICE@{} }",
    "SELECT * { ?s ?p 'x'SERVICE@{} }",
    "SELECT * { VALUES ?x {1}SERVICE@{} }",
    "SELECT * { BIND('\\u0027' AS ?x) SERVICE @ {} }",
    'SELECT * { BIND("\\u0022" AS ?x) SERVICE @ {} }',
    "SELECT * { VALUES ?v { '''x' } SERVICE @ {} #\\q''' \n}",
    "SELECT * { FILTER(1<2#> '''\n) SERVICE @ {} #'''\n}",
    "PREFIX : <http://127.0.0.1:{port}/> SELECT * { FILTER(1<?b&&?c)SERVICE:x#>\n{} }",
]
"""SERVICE in many spellings; ``@`` stands for the listener's address."""

OUTSIDE = [
    "SELECT * FROM @ { ?s ?p ?o }",
    "SELECT * FROM NAMED @ { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "SELECT * { GRAPH @ { ?s ?p ?o } }",
    "SELECT * { GRAPH <file:///etc/passwd> { ?s ?p ?o } }",
    "LOAD @",
    "LOAD <file:///etc/passwd> INTO GRAPH <x:g>",
    "LOAD SILENT @",
    "INSERT DATA { <x:a> <x:b> <x:c> }",
    "DELETE WHERE { ?s ?p ?o }",
    "CLEAR ALL",
    "DROP ALL",
    "CREATE GRAPH <x:g>",
]
"""Files, addresses and updates."""


def at(text: str, port: int) -> str:
    """A query with the listener's port in it."""
    return text.replace("@", _PLACE).replace("{port}", str(port))


ALL = CARTESIAN | PATHS | GROWTH | REGEX | NESTED | MANY
