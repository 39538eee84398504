// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cli/commands.h"

#include "base/cli/key_help.h"
#include "base/cli/values.h"
#include "base/cli/version.h"
#include "support/captured_output.h"
#include "support/test.h"

namespace {

using base::Words;

struct Options {
    std::string file;
    bool json = false;
};
constexpr base::Option<Options> kRows[] = {
    {"--file", "FILE", "read FILE",
     [](std::string_view value, Options& o) {
         o.file = value;
         return value == "bad" ? base::Status(base::error("cannot be read"))
                               : base::Status(base::done());
     }},
    {"--json", "", "print JSON",
     [](std::string_view /*value*/, Options& o) {
         o.json = true;
         return base::Status(base::done());
     }},
};
std::span<const base::Option<Options>> rows() {
    return kRows;
}

int show(const Options& options, Words operands, const base::Log& log) {
    std::string text = options.file + (options.json ? " json" : "");
    for (const std::string_view operand : operands) {
        text += " " + std::string(operand);
    }
    return base::print(text + "\n", log);
}

int nothing(base::NoOptions /*options*/, Words /*operands*/, const base::Log& /*log*/) {
    return 7;
}

std::string more() {
    return "the rest\n";
}

constexpr base::Command kCommands[] = {
    base::command<rows, show>("plan", "[OLD NEW]", "show the plan", more),
    base::command<rows, show>("check", "DEVICE", "check a device"),
    base::command<base::no_options, nothing>("watch", "", "watch"),
};
constexpr base::Topic kTopics[] = {{"keys", "list all keys", [] { return std::string("key\n"); }}};
constexpr base::Program kProgram = {"prog", kCommands, kTopics, "prog(8)"};

using List = std::vector<std::string_view>;

/// The exit code, standard output and standard error.
struct Ended {
    int code;
    std::string out;
    std::string err;
};
Ended run(const List& words) {
    const support::CapturedOutput out(1);
    const support::CapturedOutput err(2);
    const int code = base::run_program(kProgram, words);
    return {code, out.text(), err.text()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(a_command_gets_its_options_and_operands) {
    BOOST_TEST(run({"plan"}).out == "\n");
    BOOST_TEST(run({"plan", "a", "--file", "f", "b", "--json"}).out == "f json a b\n");
    BOOST_TEST(run({"check", "--file=f=g", "d"}).out == "f=g d\n");
    BOOST_TEST(run({"watch"}).code == 7);
}

BOOST_AUTO_TEST_CASE(wrong_usage_names_the_word_and_exits_with_2) {
    struct Case {
        List words;
        std::string error;
    };
    const Case cases[] = {
        {{"pln"}, "no command \"pln\"; did you mean \"plan\"?"},
        {{"hlep"}, "no command \"hlep\"; did you mean \"help\"?"},
        {{"frobnicate"}, "no command \"frobnicate\"; see prog help"},
        {{"plan", "--jsn"}, "plan: unknown option \"--jsn\"; did you mean \"--json\"?"},
        {{"plan", "--json=1"}, "plan: --json takes no value"},
        {{"plan", "--file"}, "plan: --file needs a value: FILE"},
        {{"plan", "--file", "bad"}, "plan: --file: cannot be read"},
        {{"plan", "old"}, "plan: needs [OLD NEW]"},
        {{"plan", "a", "b", "c"}, "plan: unexpected argument \"c\""},
        {{"check"}, "check: needs DEVICE"},
        {{"watch", "now"}, "watch: unexpected argument \"now\""},
        {{"watch", "--json"}, "watch: unknown option \"--json\""},
        {{"help", "pla"}, "no help on \"pla\"; did you mean \"plan\"?"},
        {{"help", "kys"}, "no help on \"kys\"; did you mean \"keys\"?"},
        {{"help", "plan", "keys"}, "unexpected argument \"keys\""},
        {{"version", "2"}, "unexpected argument \"2\""},
        {{"--json"}, "no command \"--json\"; see prog help"},
    };
    for (const Case& c : cases) {
        const Ended ended = run(c.words);
        BOOST_TEST(ended.code == 2);
        BOOST_TEST(ended.out == "");
        BOOST_TEST(ended.err == "prog: " + c.error + "\n");
    }
}

BOOST_AUTO_TEST_CASE(every_form_of_the_grammar_has_an_answer) {
    const std::string all =
        "usage: prog COMMAND [OPTION…] [OPERAND…]\n\n"
        "  plan [OLD NEW]  show the plan\n"
        "  check DEVICE    check a device\n"
        "  watch           watch\n"
        "  help [COMMAND]  list the commands, or explain one\n"
        "  help keys       list all keys\n"
        "  version         print the version\n"
        "\nMore in prog(8).\n";
    const std::string plan =
        "usage: prog plan [OPTION…] [OLD NEW]\n"
        "  show the plan\n"
        "\noptions:\n"
        "  --file FILE  read FILE\n"
        "  --json       print JSON\n"
        "\nthe rest\n";
    const std::string version = "prog " + std::string(base::kVersion) + "\n";
    const std::string watch = "usage: prog watch\n  watch\n";
    struct Case {
        List words;
        std::string text;
    };
    const Case cases[] = {
        {{"help"}, all},
        {{"--help"}, all},
        {{"-h"}, all},
        {{"help", "help"}, all},
        {{"help", "--help"}, all},
        {{"help", "version"}, all},
        {{"version", "--help"}, all},
        {{"help", "plan"}, plan},
        {{"--help", "plan"}, plan},
        {{"plan", "--help"}, plan},
        {{"plan", "-h"}, plan},
        {{"plan", "a", "--help", "--nonsense"}, plan},
        {{"watch", "--help"}, watch},
        {{"help", "keys"}, "key\n"},
        {{"version"}, version},
        {{"--version"}, version},
        {{"-V"}, version},
    };
    for (const Case& c : cases) {
        const Ended ended = run(c.words);
        BOOST_TEST(ended.code == 0);
        BOOST_TEST(ended.out == c.text);
        BOOST_TEST(ended.err == "");
    }
    BOOST_TEST(run({}).code == 2);
    BOOST_TEST(run({}).err == all);
}

BOOST_AUTO_TEST_CASE(columns_align_by_characters) {
    const base::TwoColumns rows[] = {
        {"--size 4K,…", "size"},
        {"--depth 32,4", "depth"},
        {"--a-name-of-more-than-thirty-characters", "long"},
    };
    BOOST_TEST(base::in_columns(rows) ==
               "  --size 4K,…   size\n"
               "  --depth 32,4  depth\n"
               "  --a-name-of-more-than-thirty-characters\n"
               "                long\n");
}

BOOST_AUTO_TEST_CASE(keys_stand_below_their_sections) {
    const base::KeyDoc keys[] = {{"host", "auth", "off|host", "", "authentication"},
                                 {"root", "timeout", "TIME", "10s", "time limit"},
                                 {"root", "uri", "URI", "", "location"}};
    BOOST_TEST(base::keys_help(keys) ==
               "\n[host]\n  auth = off|host\n        authentication\n"
               "\n[root]\n  timeout = TIME\n        time limit (default 10s)\n"
               "  uri = URI\n        location\n");
}

BOOST_AUTO_TEST_CASE(lists_are_separated_by_commas_or_white_space) {
    BOOST_TEST(base::parse_list("a, b c,d").value() == (List{"a", "b", "c", "d"}),
               boost::test_tools::per_element());
    for (const char* text : {"", ",", "a,,b", "a,"}) {
        BOOST_TEST(base::parse_list(text).error().text == "an entry of the list is empty");
    }
    using Choice = base::Choice<int>;
    constexpr std::array kChoices = {Choice{"one", 1}, Choice{"two", 2}};
    BOOST_TEST(base::parse_choice("two", kChoices).value() == 2);
    BOOST_TEST(base::word_of(2, kChoices) == "two");
    BOOST_TEST(base::parse_choice("tow", kChoices).error().text ==
               "\"tow\" is not one of one, two");
}

BOOST_AUTO_TEST_SUITE_END()
