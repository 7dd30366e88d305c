//! What is recognised as a template, what is not, and what is read of one.

use super::*;
use crate::oslo::Document;
use crate::oslo::document::ItemKind;
use crate::text::Source;

fn language(text: &str) -> Option<Language> {
    document(text).template().map(Template::language)
}

fn document(text: &str) -> Document {
    Document::parse(Source::new("nova.conf", text.as_bytes().to_vec()))
}

/// What is read: `key=value`, a value that is not known as `?`.
fn read(document: &Document) -> Vec<String> {
    let assignments = document.assignments().iter();
    let line = |assignment| {
        let value = document.value(assignment);
        let value = if document.is_unknown(assignment) {
            "?".into()
        } else {
            value
        };
        format!("{}.{}={value}", document.group(assignment), document.key(assignment))
    };
    assignments.map(line).collect()
}

#[test]
fn each_language_is_recognised_by_its_markers() {
    for (text, expected) in [
        ("[DEFAULT]\nmy_ip = {{ ip }}\n", Language::Jinja),
        ("[DEFAULT]\n{%- if a -%}\n{% endif %}\n", Language::Jinja),
        ("{# note #}\n[DEFAULT]\n", Language::Jinja),
        ("# {{ ansible_managed }}\n[DEFAULT]\n", Language::Jinja),
        ("[DEFAULT]\nmy_ip = {{ .Values.ip }}\n", Language::Go),
        ("[DEFAULT]\n{{- if $x }}\ndebug = true\n{{- end }}\n", Language::Go),
        ("[DEFAULT]\nmy_ip = <%= @ip %>\n", Language::Erb),
        ("<%- | $ip | -%>\n[DEFAULT]\n", Language::Erb),
        ("[DEFAULT]\n% if a:\ndebug = true\n% endif\n", Language::Mako),
        ("[DEFAULT]\nmy_ip = ${IP}\nhost = ${HOST_NAME}\n", Language::Shell),
        ("[DEFAULT]\nmy_ip = @MY_IP@\n", Language::Marks),
        ("[DEFAULT]\nmy_ip = %MY_IP%\n", Language::Marks),
        ("[DEFAULT]\nmy_ip = __MY_IP__\n", Language::Marks),
        (
            "[DEFAULT]\ntransport_url = rabbit://a:@PASS@@@HOST@/\n",
            Language::Marks,
        ),
        ("[keystone_authtoken]\npassword = <SERVICE_PASSWORD>\n", Language::Marks),
    ] {
        assert_eq!(language(text), Some(expected), "{text}");
    }
}

#[test]
fn a_blank_is_found_wherever_it_stands_in_a_value() {
    for mark in ["@IP@", "%IP%", "__IP__"] {
        for (before, after) in (0..20).flat_map(|before| (0..10).map(move |after| (before, after))) {
            let text = format!("[DEFAULT]\nk ={} {mark} {}\n", "x".repeat(before), "y".repeat(after));
            assert_eq!(language(&text), Some(Language::Marks), "{text}");
        }
    }
}

#[test]
fn what_a_nova_conf_may_hold_shows_no_template() {
    for line in [
        "logging_context_format_string = %(asctime)s.%(msecs)03d <%(process)d> [%(request_id)s] {%(message)s}",
        "logging_exception_prefix = %(color)s%(asctime)s.%(msecs)03d TRACE %(name)s%%",
        "instance_name_template = instance-%08x",
        "my_ip = $my_ip",
        "state_path = ${state_path}/$my_ip.$host",
        "my_ip = ${MY_IP}",
        "device_spec = [{ \"vendor_id\":\"10de\", \"address\": {\"bus\":\"02\"}}]",
        "device_spec = {\"a\":{\"b\":{\"c\":1}}}",
        "passthrough_whitelist = {{\"vendor_id\": \"10de\"}}",
        "password = {{a",
        "password = {#a",
        "password = {%a%}",
        "password = a{{b},{c}}",
        "password = <%a",
        "transport_url = rabbit://a:p@SSWORD@host/",
        "transport_url = rabbit://a:p%C3%A9%AB%CD@host/",
        "transport_url = rabbit://a:%41%42%43%@host/",
        "default = <None>",
        "email = <a@b>",
        "x = a__INIT__b",
        "% of it = 1",
    ] {
        assert_eq!(language(&format!("[DEFAULT]\n{line}\n")), None, "{line}");
    }
}

#[test]
fn a_value_goes_on_behind_statements_and_is_unknown() {
    let found = document("[a]\nk = 1,\n{% for x in y %}\n  {{ x }},\n{% endfor %}\n  2\nl = 3\n");
    assert_eq!(read(&found), ["a.k=?", "a.l=3"]);
    assert_eq!(found.assignments()[0].continuations(), 2);
    assert_eq!(found.malformed(), []);
}

#[test]
fn statements_are_no_lines_of_the_configuration() {
    let text = "[a]\n<% if x = 1 %>\n  <% if y -%>\nk = 1\n  <% end %>\n<% else -%>\nl = 2\n<%- end %>\nm = 3\n";
    let found = document(text);
    assert_eq!(read(&found), ["a.k=1", "a.l=2", "a.m=3"]);
    assert_eq!(found.malformed(), []);
    let statements = found
        .items()
        .iter()
        .filter(|item| item.kind() == ItemKind::Template)
        .count();
    assert_eq!(statements, 3);
}

#[test]
fn what_is_inserted_as_a_whole_is_passed_over() {
    let text = "{{ head }}\nk = 1\n[{{ section }}]\nl = 2\n[b]\n{{ name }} = 3\n  more\npre_{{ x }}_post = 4\nm = 5\nnonsense\n";
    let found = document(text);
    assert_eq!(read(&found), [".k=1", "b.m=5"]);
    assert_eq!(found.malformed().len(), 1, "only what is plainly wrong");
}

#[test]
fn each_branch_is_taken_once_and_never_with_its_other() {
    let found = document("[a]\n{% if x %}\nk = 1\n{% elif y %}\nk = 2\n{% else %}\nk = 3\n{% endif %}\n");
    let template = found.template().unwrap();
    let ways: Vec<Vec<String>> = template
        .choices()
        .iter()
        .map(|choice| read(&found.rendered(choice)))
        .collect();
    for expected in ["a.k=1", "a.k=2", "a.k=3"] {
        assert!(ways.contains(&vec![expected.to_owned()]), "{expected}: {ways:?}");
    }
    assert!(ways.iter().all(|way| way.len() == 1), "{ways:?}");
}

#[test]
fn a_branch_without_another_may_be_left_out_with_its_section() {
    let found = document("[a]\n{% if x %}\n[b]\nk = 1\n{% endif %}\nl = 2\n{% if z %}\n{# nothing #}\n{% endif %}\n");
    let template = found.template().unwrap();
    let ways: Vec<Vec<String>> = template
        .choices()
        .iter()
        .map(|choice| read(&found.rendered(choice)))
        .collect();
    assert_eq!(ways, [vec!["b.k=1", "b.l=2"], vec!["a.l=2"]]);
}

#[test]
fn pairs_of_branches_of_two_blocks_are_all_tried() {
    let found = document("[a]\n{{- if .A }}\nk = 1\n{{- end }}\n{{- if .B }}\nl = 2\n{{- end }}\n");
    let template = found.template().unwrap();
    assert_eq!(template.language(), Language::Go);
    let mut ways: Vec<String> = template
        .choices()
        .iter()
        .map(|choice| read(&found.rendered(choice)).concat())
        .collect();
    ways.sort();
    assert_eq!(ways, ["", "a.k=1", "a.k=1a.l=2", "a.l=2"]);
}

#[test]
fn the_line_that_opens_a_branch_is_known() {
    let found = document("[a]\n% if x:\nk = 1\n% else:\nl = 2\n% endif\nm = 3\n");
    let lines: Vec<Option<usize>> = found.assignments().iter().map(|a| found.branch(a)).collect();
    assert_eq!(lines, [Some(2), Some(4), None]);
}

proptest::proptest! {
    #[test]
    fn the_items_of_a_template_partition_its_bytes(
        text in "(\\[a\\]|\\[\\{\\{ x \\}\\]|k = |1|\\{\\{ x \\}\\}|\\{% if x %\\}|\\{% else %\\}|\\{% endif %\\}|\\{# |#\\}|<% end %>|% if x:|\\$\\{A\\}|  | |\n|\r\n){0,40}"
    ) {
        let whole = document(&text);
        let mut variants = whole.template().map(Template::choices).unwrap_or_default();
        variants.truncate(4);
        let rendered: Vec<_> = variants.iter().map(|choice| whole.rendered(choice)).collect();
        for document in std::iter::once(&whole).chain(&rendered) {
            let mut at = 0;
            for item in document.items() {
                proptest::prop_assert_eq!(item.span().start, at);
                at = item.span().end;
                if let ItemKind::Assignment(index) = item.kind() {
                    let assignment = &document.assignments()[index];
                    proptest::prop_assert_eq!(assignment.span(), item.span());
                    let _ = document.value(assignment);
                }
            }
            proptest::prop_assert_eq!(at, text.len());
        }
    }
}
