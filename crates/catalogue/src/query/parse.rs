use super::lex::{Lexeme, Token, lex};
use super::{Expr, QueryError, compile, limits};

/// Parses a query into an expression.
pub(super) fn parse(query: &str) -> Result<Expr, QueryError> {
    if query.len() > limits::QUERY {
        let start = query.floor_char_boundary(limits::QUERY);
        return Err(QueryError::new(start, query.len(), format!("a query has at most {} bytes", limits::QUERY)));
    }
    let mut parser = Parser { query, tokens: lex(query)?.into_iter().peekable(), terms: 0 };
    let Some(expr) = parser.or(0)? else { return Ok(Expr::And(Vec::new())) };
    match parser.tokens.next() {
        None => Ok(expr),
        Some(t) => Err(QueryError::new(t.start, t.end, "this parenthesis closes nothing")),
    }
}

struct Parser<'q> {
    query: &'q str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    terms: usize,
}

/// The error of an operator that has no term on a side.
fn lonely(word: &str, start: usize, end: usize) -> QueryError {
    let message = if word == "NOT" { "NOT wants a term after it".to_owned() } else { format!("{word} wants a term on both sides") };
    QueryError::new(start, end, message).hint(format!("to find the word itself, write \"{word}\""))
}

impl Parser<'_> {
    /// Alternatives; nothing where there is no term at all.
    fn or(&mut self, depth: usize) -> Result<Option<Expr>, QueryError> {
        let mut branches: Vec<Expr> = self.and(depth)?.into_iter().collect();
        while let Some(Token { start, end, .. }) = self.tokens.next_if(|t| t.lexeme == Lexeme::Or) {
            match self.and(depth)? {
                Some(branch) if !branches.is_empty() => branches.push(branch),
                _ => return Err(lonely("OR", start, end)),
            }
        }
        Ok(if branches.is_empty() { None } else { Some(Expr::any(branches)) })
    }

    fn and(&mut self, depth: usize) -> Result<Option<Expr>, QueryError> {
        let mut parts = Vec::new();
        while let Some(token) = self.tokens.peek() {
            match token.lexeme {
                Lexeme::Or | Lexeme::Close => break,
                Lexeme::And => {
                    let (start, end) = (token.start, token.end);
                    self.tokens.next();
                    let ends = |t: &Token| matches!(t.lexeme, Lexeme::Or | Lexeme::And | Lexeme::Close);
                    if parts.is_empty() || self.tokens.peek().is_none_or(ends) {
                        return Err(lonely("AND", start, end));
                    }
                }
                _ => parts.push(self.unary(depth)?),
            }
        }
        Ok(if parts.is_empty() { None } else { Some(Expr::all(parts)) })
    }

    fn unary(&mut self, depth: usize) -> Result<Expr, QueryError> {
        let mut negative = false;
        let mut last = (0, 0);
        while let Some(token) = self.tokens.next() {
            let expr = match token.lexeme {
                Lexeme::Minus | Lexeme::Not => {
                    negative = !negative;
                    last = (token.start, token.end);
                    continue;
                }
                Lexeme::Open => self.group(&token, depth)?,
                Lexeme::Word(word) => {
                    let terms = compile::terms(self.query, &word, (token.start, token.end))?;
                    self.terms += terms.iter().map(|t| t.test.weight()).sum::<usize>();
                    if self.terms > limits::TERMS {
                        let message = format!("a query has at most {} terms", limits::TERMS);
                        return Err(QueryError::new(token.start, token.end, message));
                    }
                    Expr::all(terms.into_iter().map(Expr::Term).collect())
                }
                Lexeme::Or | Lexeme::And | Lexeme::Close => return Err(lonely("NOT", last.0, last.1)),
            };
            return Ok(if negative { expr.negated() } else { expr });
        }
        Err(lonely("NOT", last.0, last.1))
    }

    fn group(&mut self, open: &Token, depth: usize) -> Result<Expr, QueryError> {
        if depth == limits::NESTING {
            let message = format!("parentheses nest at most {} deep", limits::NESTING);
            return Err(QueryError::new(open.start, open.end, message));
        }
        let inner = self.or(depth + 1)?;
        match (inner, self.tokens.next()) {
            (Some(expr), Some(_)) => Ok(expr),
            (None, Some(close)) => Err(QueryError::new(open.start, close.end, "there is nothing between these parentheses")),
            (_, None) => Err(QueryError::new(open.start, open.end, "this parenthesis is never closed")
                .hint("to find a parenthesis itself, put the word in quotes")),
        }
    }
}
